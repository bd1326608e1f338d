#!/bin/bash
# Debian's libvirtd apart from the host's: libvirtd-apart.sh FOLDER [stop]
#
# It has a mount and a network namespace of its own, in which /etc/libvirt, /var/lib/libvirt, /var/cache/libvirt,
# /var/log/libvirt and /run/libvirt are folders below FOLDER, and /dev has only what its guests may use. Prints the
# URI at which it answers. Needs root; guests run by QEMU's own translator.
set -euo pipefail
folder=$(realpath -m "$1")
if [ "${2-}" = stop ]; then
  for program in libvirtd virtlogd; do
    if [ -s "$folder/run/$program.pid" ]; then kill "$(cat "$folder/run/$program.pid")" || true; fi
  done
  exit 0
fi
for part in run etc lib cache log dev cgroup; do mkdir -p "$folder/$part"; done
[ -e "$folder/etc/qemu.conf" ] || cp -a /etc/libvirt/. "$folder/etc/"
[ -e "$folder/lib/qemu" ] || cp -a /var/lib/libvirt/. "$folder/lib/"
cat >"$folder/etc/libvirtd.conf" <<'CONF'
auth_unix_ro = "none"
auth_unix_rw = "none"
CONF
cat >"$folder/inside.sh" <<'INSIDE'
set -eu
folder=$1
mkdir -p /run/libvirt /var/cache/libvirt
mount --bind "$folder/run" /run/libvirt
mount --bind "$folder/etc" /etc/libvirt
for part in lib cache log; do mount --bind "$folder/$part" "/var/$part/libvirt"; done
mount -t tmpfs -o mode=755 none "$folder/dev"
for node in null zero full random urandom tty ptmx loop-control net/tun; do
  [ -e "/dev/$node" ] || continue
  mkdir -p "$(dirname "$folder/dev/$node")"
  cp -a "/dev/$node" "$folder/dev/$node"
done
mkdir -p "$folder/dev/pts" "$folder/dev/shm" "$folder/dev/mapper" "$folder/dev/hugepages"
ln -s /proc/self/fd "$folder/dev/fd"
mount --rbind /dev/pts "$folder/dev/pts"
mount -t tmpfs -o mode=1777 none "$folder/dev/shm"
umount -l -R /dev
mount --move "$folder/dev" /dev
mount --rbind /sys/fs/cgroup "$folder/cgroup"
mount -t sysfs none /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
ip link set lo up
/usr/sbin/virtlogd -d -p /run/libvirt/virtlogd.pid || true
exec /usr/sbin/libvirtd -p /run/libvirt/libvirtd.pid
INSIDE
setsid nohup unshare --mount --net --propagation private \
  bash "$folder/inside.sh" "$folder" >"$folder/start.log" 2>&1 </dev/null &
for _ in $(seq 100); do
  if [ -S "$folder/run/libvirt-sock" ]; then
    echo "qemu+unix:///system?socket=$folder/run/libvirt-sock"
    exit 0
  fi
  sleep 0.1
done
cat "$folder/start.log" >&2
exit 1
