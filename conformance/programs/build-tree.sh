#!/bin/sh
# build-tree.sh FOLDER: fetches Debian packages with apt-get and unpacks them into FOLDER/tree, a
# small Debian of its own whose programs the tests run both on this host and in a guest. Packages
# that FOLDER/packages already holds are not fetched again. Needs apt-get and dpkg-deb of a Debian 12
# host for amd64.
set -eu
[ $# = 1 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/packages"
out=$(cd "$1" && pwd)
want=$(cat "$here/packages.txt" "$here/build-tree.sh" | sha256sum)
if [ -f "$out/built" ] && [ "$(cat "$out/built")" = "$want" ]; then
  exit 0
fi
rm -rf "$out/built" "$out/tree"

package_of() { set -- "$out/packages/$1"_*.deb; [ -f "$1" ] && echo "$1"; }
missing=
for package in $(cat "$here/packages.txt"); do
  package_of "$package" >/dev/null || missing="$missing $package"
done
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086
  (cd "$out/packages" && apt-get -q -o APT::Sandbox::User= download $missing)
fi

tree=$out/tree
mkdir -p "$tree"
for package in $(cat "$here/packages.txt"); do
  # Through tar: dpkg-deb -x would replace a link to a folder by the folder.
  dpkg-deb --fsys-tarfile "$(package_of "$package")" |
    tar x -C "$tree" --no-same-owner --keep-directory-symlink
done

# What no test reads.
cd "$tree"
rm -rf usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bug \
  usr/lib/x86_64-linux-gnu/gconv usr/share/python3 etc/X11 usr/share/binfmts usr/lib/locale
rm -f usr/lib/gcc/x86_64-linux-gnu/12/lto1 usr/bin/x86_64-linux-gnu-lto-dump-12
tests=usr/lib/python3.11/test
find "$tests" -mindepth 1 -maxdepth 1 \
  ! -name '__*__.py' ! -name support ! -name libregrtest ! -name '*.txt' ! -name mathdata \
  ! -name decimaltestdata ! -name test_math.py ! -name test_float.py ! -name test_struct.py \
  ! -name test_decimal.py ! -name test_grammar.py ! -name 'pickletester.py' \
  ! -name 'string_tests.py' ! -name 'ann_module*' ! -name 'typinganndata' -exec rm -rf {} +

# A shell and the small tools, the same in both places.
mkdir -p dev proc sys tmp bbin suite etc usr/lib/ssl
for applet in $(bin/busybox --list); do
  ln -sf /bin/busybox "bbin/$applet"
done
ln -sf /bin/busybox bin/sh
: >usr/lib/ssl/openssl.cnf
echo root:x:0:0:root:/root:/bin/sh >etc/passwd
ln -sf gcc-12 usr/bin/gcc
ln -sf python3.11 usr/bin/python3
chmod -R u+rwX .
echo "$want" >"$out/built"
