# Part of nested-kvm and nested-host: what both need to build the guest's half of Wardian, to run QEMU
# and to tell of it. The caller sets program, here, root, work and keep, and defines clean_up.

say() { printf '%s\n' "$program: $*"; }
die() {
  local status=$1
  shift
  printf '%s\n' "$program: $*" >&2
  exit "$status"
}
misuse() { die 2 "$*; see --help"; }

# seconds_of TIME: from 90s, 15m, 1h or a bare number.
seconds_of() {
  [[ $1 =~ ^([1-9][0-9]{0,5})([smh]?)$ ]] || misuse "--timeout $1: no time such as 90s, 15m or 1h"
  case ${BASH_REMATCH[2]} in
    m) echo $((BASH_REMATCH[1] * 60)) ;;
    h) echo $((BASH_REMATCH[1] * 3600)) ;;
    *) echo "${BASH_REMATCH[1]}" ;;
  esac
}

# ---------------------------------------------------------------------------- phases and clean-up

phases=()
phase_name='' phase_start=0
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
end_phase() {
  [[ -z $phase_name ]] || phases+=("$phase_name|$1|$(($(now_ms) - phase_start))")
  phase_name=''
}
begin_phase() {
  phase_name=$1 phase_start=$(now_ms)
  say "$2 ..."
}

# guest_phase LABEL STATUS START END: a step within the guest, in its seconds.
guest_phase() {
  phases+=("  $1|$2|$(awk -v a="$3" -v b="$4" 'BEGIN { printf "%d", (b - a) * 1000 }')")
}

print_phases() {
  local entry name status ms outcome
  say "times:"
  for entry in "${phases[@]}"; do
    IFS='|' read -r name status ms <<<"$entry"
    outcome=ok
    [[ $status == 0 ]] || outcome="status $status"
    printf '  %-26s %5d.%d s  %s\n' "$name" $((ms / 1000)) $((ms % 1000 / 100)) "$outcome"
  done
}

qemu_pid=''
stop_qemu() {
  [[ -n $qemu_pid ]] || return 0
  kill "$qemu_pid" 2>/dev/null || :
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "$qemu_pid" 2>/dev/null || break
    sleep 0.2
  done
  kill -KILL "$qemu_pid" 2>/dev/null || :
  wait "$qemu_pid" 2>/dev/null || :
  qemu_pid=''
}
locked=no
leave() {
  stop_qemu
  if [[ $locked == yes ]]; then
    [[ $keep == yes ]] || clean_up
    rm -rf "$work/lock"
  fi
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# take_work FOLDER...: makes them within the work folder, which is this run's alone.
take_work() {
  local folder owner
  for folder; do
    mkdir -p "$work/$folder" || die 3 "cannot write to $work"
  done
  work=$(cd "$work" && pwd -P)
  [[ $work =~ ^[A-Za-z0-9/._+-]+$ ]] || misuse "--work $work: take a path of letters, digits and /._+-"
  while ! mkdir "$work/lock" 2>/dev/null; do
    owner=$(cat "$work/lock/pid" 2>/dev/null || :)
    if [[ -n $owner ]] && kill -0 "$owner" 2>/dev/null; then
      die 3 "process $owner works in $work; wait for it, or name another folder by --work"
    fi
    rm -rf "$work/lock"
  done
  echo $$ >"$work/lock/pid"
  locked=yes
}

# ---------------------------------------------------------------------------- tools

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("  $1 ($2)"); }
check_tools() {
  if ((${#missing[@]})); then
    printf '%s\n' "$program: these are missing here:" "${missing[@]}" >&2
    exit 3
  fi
  [[ $(uname -m) == x86_64 ]] || die 3 "needs an x86-64 host: the emulated machine gets the host's JDK"
  JAVA_HOME=$(sh "$root/.mvn/find-jdk.sh") || exit 3
  export JAVA_HOME
  [[ -d $JAVA_HOME/jmods ]] || "$JAVA_HOME/bin/jlink" --help 2>/dev/null | grep -q 'run-time image' ||
    die 3 "the JDK in $JAVA_HOME has no jmods, so jlink cannot work; install a whole JDK"
}

# Runs a build command silently, with all it says in a log that is shown where it fails.
logged() {
  local log=$work/$1.log
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    die 3 "failed: $*; all of its output is in $log"
  fi
}

# ---------------------------------------------------------------------------- Java and Wardian

jdk_modules=java.base,java.desktop,java.instrument,java.logging,java.management,java.naming
jdk_modules+=,java.net.http,java.sql,java.xml,jdk.httpserver,jdk.unsupported,jdk.zipfs

# make_java FOLDER: a runtime with these modules. Not compressed: that would only be work for the
# emulated processor.
make_java() {
  logged jlink "$JAVA_HOME/bin/jlink" --add-modules "$jdk_modules" --output "$1" \
    --vm server --strip-native-debug-symbols exclude-debuginfo-files --no-header-files \
    --no-man-pages --generate-cds-archive
  # A library requires java.desktop; no window will ever open.
  rm -f "$1"/lib/lib{awt*,fontmanager,freetype,javajpeg,jawt,lcms,mlib_image,splashscreen}.so \
    "$1/lib/libjsound.so" "$1/lib/server/classes_nocoops.jsa" "$1/lib/server/classes_coh.jsa" \
    "$1/lib/server/classes_nocoops_coh.jsa"
}

# copy_wardian BUILD FOLDER: its jars, built first where BUILD is yes.
copy_wardian() {
  local jars=$root/cli/target/ward/lib
  [[ $1 == no ]] || logged ward "$root/ward" version
  compgen -G "$jars/wardian-cli-*.jar" >/dev/null || die 3 "Wardian was never built; leave --no-build out"
  cp -p "$jars"/*.jar "$2"
}

# copy_test_libraries FOLDER: what the test classes need in a guest that has no Maven.
copy_test_libraries() {
  local pom=$here/src/nested-kvm/pom.xml
  if [[ ! -f $work/junit/stamp || $root/pom.xml -nt $work/junit/stamp || $pom -nt $work/junit/stamp ]]; then
    rm -rf "$work/junit"
    logged junit "$root/mvnw" -q -B -ntp -f "$pom" dependency:copy-dependencies \
      -DincludeScope=test -DoutputDirectory="$work/junit"
    touch "$work/junit/stamp"
  fi
  cp -p "$work/junit"/*.jar "$1"
}

# compile_tests SOURCES JARS TO RESOURCES UNIT...: a jar of test classes and of what they use. A jar,
# since an archive of loaded classes takes no folders.
compile_tests() {
  local tests=$1 jars=$2 to=$3 resources=$4 classes=$work/classes
  shift 4
  rm -rf "$classes"
  mkdir "$classes"
  logged javac "$JAVA_HOME/bin/javac" --release 25 -parameters -proc:none -implicit:class -nowarn \
    -d "$classes" -cp "$jars" -sourcepath "$tests" "$@"
  [[ ! -d $resources ]] || cp -r "$resources/." "$classes"
  "$JAVA_HOME/bin/jar" --create --file "$to" -C "$classes" .
  rm -rf "$classes"
}

# record JAVA CACHE ARGUMENT...: the JVM's record of a short run here halves the start there. It holds
# for jars of the same times at the same absolute paths; so the guest has this folder's path, as a link.
# Without AVX: it has code in it, and the JVM does not ask whether its processor is the one that it was
# made for.
record() {
  local java=$1 cache=$2
  shift 2
  "$java/bin/java" "-XX:AOTCacheOutput=$cache" '-Xlog:aot*=off' '-Xlog:cds*=off' \
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:UseAVX=0 --sun-misc-unsafe-memory-access=allow "$@" \
    >>"$work/record.log" 2>&1 </dev/null || :
}

# record_ward JAVA CACHE JARS: of ward.
record_ward() {
  record "$1" "$2" -Xmx384m --enable-native-access=org.wardian.host \
    --module-path "$3" --module org.wardian.cli/org.wardian.cli.Ward doctor
}

# ---------------------------------------------------------------------------- the run

# Terminal sequences of the innermost guest, and whatever else is no text, stay out of the output.
prefix() {
  tee -a "$work/console" |
    LC_ALL=C sed -u -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/[^[:print:]\t]//g' -e 's/^/guest | /'
}

# run_qemu DEADLINE SILENCE ARGUMENT...: runs the emulated machine until it ends, is frozen (the
# console silent for more than SILENCE seconds) or the time is up; says which in $ended. Its first
# serial port is the console, its second the file $work/serial.
run_qemu() {
  local until=$1 patience=$2 size=0 now spoken=$SECONDS
  shift 2
  exec {console}> >(prefix)
  prefix_pid=$!
  "$qemu" -nodefaults -no-user-config -display none -machine pc -cpu max -m "$memory" -no-reboot "$@" \
    -chardev stdio,id=console,signal=off -serial chardev:console -serial "file:$work/serial" \
    </dev/null >&"$console" 2>&1 &
  qemu_pid=$!
  exec {console}>&-
  ended=itself
  while kill -0 "$qemu_pid" 2>/dev/null; do
    now=$(stat -c %s "$work/console")
    ((now == size)) || spoken=$SECONDS
    size=$now
    if ((SECONDS >= until)); then
      ended=timeout
    elif ((SECONDS - spoken > patience)); then
      ended=frozen
    else
      sleep 0.2
      continue
    fi
    stop_qemu
    break
  done
  if [[ -n $qemu_pid ]]; then
    wait "$qemu_pid" || ended="crash with status $?"
    qemu_pid=''
  fi
  wait "$prefix_pid" || :
}
