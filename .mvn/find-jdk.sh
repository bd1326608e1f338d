#!/bin/sh
# Prints the home of a JDK that can build and run Wardian, or says what to install and fails.
#
# Both ./mvnw and ./ward call it. Versions are read from each JDK's `release` file: starting a
# dozen JVMs to ask them would take longer than the build's first phase.

minimum=25

# The feature version (25 of "25.0.1") of the JDK at $1, or 0 where there is none.
feature_version() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || { echo 0; return; }
  version=$(sed -n 's/^JAVA_VERSION="\{0,1\}\([0-9][0-9]*\).*/\1/p' "$1/release" | head -n 1)
  echo "${version:-0}"
}

# A JDK that the user chose, by JAVA_HOME or by PATH, is taken as it is when it is new enough.
if [ -n "${JAVA_HOME-}" ] && [ "$(feature_version "$JAVA_HOME")" -ge "$minimum" ]; then
  printf '%s\n' "$JAVA_HOME"
  exit 0
fi
if on_path=$(command -v javac 2>/dev/null); then
  on_path=$(readlink -f "$on_path" 2>/dev/null || printf '%s' "$on_path")
  on_path=$(dirname "$(dirname "$on_path")")
  if [ "$(feature_version "$on_path")" -ge "$minimum" ]; then
    printf '%s\n' "$on_path"
    exit 0
  fi
fi

# Otherwise the oldest one that suffices: the build is tried on $minimum before anything newer.
best= best_version=
consider() {
  version_here=$(feature_version "$1")
  if [ "$version_here" -ge "$minimum" ] &&
    { [ -z "$best" ] || [ "$version_here" -lt "$best_version" ]; }; then
    best=$1 best_version=$version_here
  fi
}
toolchains=${HOME-}/.m2/toolchains.xml
if [ -r "$toolchains" ]; then
  while IFS= read -r home; do
    consider "$home"
  done <<END
$(sed -n 's:.*<jdkHome>[[:space:]]*\(.*[^[:space:]]\)[[:space:]]*</jdkHome>.*:\1:p' "$toolchains")
END
fi
for home in /usr/lib/jvm/* /usr/java/* /usr/local/java/* /opt/* /opt/java/* /opt/jdk/* \
  "${HOME-}"/.sdkman/candidates/java/* "${HOME-}"/.jdks/* "${HOME-}"/.gradle/jdks/* \
  "${HOME-}"/.local/share/mise/installs/java/* "${HOME-}"/.asdf/installs/java/* \
  /Library/Java/JavaVirtualMachines/*/Contents/Home \
  "${HOME-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
  /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
  consider "$home"
done
if [ -n "$best" ]; then
  printf '%s\n' "$best"
  exit 0
fi

cat >&2 <<END
Wardian needs a JDK $minimum or newer (a JDK, not only a JRE), and found none in JAVA_HOME, on PATH, or in
the usual places. Install one of these, or point JAVA_HOME at the one that you have:
  Debian, Ubuntu   sudo apt-get install openjdk-$minimum-jdk-headless
  Fedora           sudo dnf install java-$minimum-openjdk-devel
  macOS            brew install openjdk@$minimum
  any system       https://adoptium.net/temurin/releases/?version=$minimum
END
exit 1
