#!/bin/sh
# in-tree.sh TREE SCRIPT: runs a script of the tests in a tree of build-tree.sh, as on a machine of
# its own: with nothing but the tree's files, a fixed environment, and a fresh folder to work in.
# The same lines run on the host, by anybody, and in the guest, by busybox. All that is mounted goes
# with the last process.
set -eu
tree=$1
script=$2
inside() {
  mount -o rbind /dev "$tree/dev"
  mount -t proc proc "$tree/proc"
  mount -t tmpfs tmpfs "$tree/tmp"
  mkdir -p "$tree/tmp/work"
  # glibc chooses its mathematics by the processor, and the last bit by that choice. These are
  # features that the guest's processor does not have.
  exec chroot "$tree" /bbin/env -i PATH=/usr/bin:/bin:/bbin HOME=/tmp LC_ALL=C PYTHONHASHSEED=0 \
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4 \
    /bin/sh -c 'cd /tmp/work && . "$1"' sh "/suite/$script"
}
case ${3:-} in
  inside) inside ;;
  *) exec unshare -r -m -p -f sh "$0" "$tree" "$script" inside ;;
esac
