#!/bin/sh
# build-disk.sh FOLDER: makes FOLDER/disk, an ext4 file system of a Debian 12 with systemd, libvirt, QEMU, LVM
# and an NFS server, and FOLDER/vmlinuz and FOLDER/initrd to boot it. Needs mmdebstrap, fakeroot and mke2fs;
# no root. Fetches 250 MB and takes a few minutes. What a run adds comes on a second disk (see ../nested-host).
set -eu
[ $# = 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1"
cd "$1"
rm -rf tree tree.tar disk.new

packages=linux-image-amd64,systemd-sysv,systemd-container,udev,dbus,kmod,iproute2,procps,util-linux,e2fsprogs,xfsprogs,parted
packages=$packages,lvm2,dmsetup,dmeventd,thin-provisioning-tools,nfs-kernel-server,nfs-common
packages=$packages,libvirt-daemon-system,libvirt-daemon-driver-qemu,libvirt-clients,qemu-system-x86,qemu-utils
packages=$packages,iptables,netcat-openbsd

# Only the modules that find the disk: what the initrd unpacks is the emulated processor's time.
mmdebstrap --variant=minbase --include="$packages" --format=tar \
  --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
  --essential-hook='printf "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n" >"$1/etc/initramfs-tools/conf.d/nested"' \
  --essential-hook='printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
  --customize-hook="copy-in '$here/nested-host.service' '$here/nested-host.target' /etc/systemd/system" \
  --customize-hook='
    printf "LABEL=root / ext4 defaults,noatime 0 1\nLABEL=parts /parts ext4 ro 0 0\n" >"$1/etc/fstab"
    mkdir -p "$1/parts"
    echo nested >"$1/etc/hostname"
    printf "127.0.0.1 localhost nested\n" >"$1/etc/hosts"
    : >"$1/etc/machine-id"
    mkdir -p "$1/var/log/journal"
    printf "kernel.printk = 3 4 1 3\n" >"$1/etc/sysctl.d/nested.conf"
    chroot "$1" systemctl set-default nested-host.target
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
      systemd-tmpfiles-clean.timer; do
      chroot "$1" systemctl mask "$unit"
    done
    chroot "$1" systemctl disable nfs-server.service libvirtd.service libvirt-guests.service || :
    rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/* "$1"/lib/modules/*/kernel/drivers/gpu \
      "$1"/lib/modules/*/kernel/sound "$1"/lib/modules/*/kernel/drivers/media' \
  bookworm tree.tar
mkdir tree
# As root in appearance: owners and device nodes are in the file system's own tables.
fakeroot sh -ec '
  tar -x -f tree.tar -C tree
  truncate -s 6G disk.new
  mke2fs -q -t ext4 -L root -m 0 -E lazy_itable_init=1 -d tree disk.new
  cp tree/boot/vmlinuz-* vmlinuz
  cp tree/boot/initrd.img-* initrd'
rm -rf tree tree.tar
mv disk.new disk
