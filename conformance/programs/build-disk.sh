#!/bin/sh
# build-disk.sh FOLDER ARCHITECTURE: makes FOLDER/debian-ARCHITECTURE.raw, a disk with one ext4
# partition, GRUB (in text, waiting for a key), and a minimal Debian 12 (root's password is root)
# with gettys on the first serial port and the screen. Needs root, debootstrap, sfdisk, losetup;
# takes a few minutes.
set -eu
[ $# = 2 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
mkdir -p "$1"
cd "$1"
image=debian-$2.raw
[ ! -f "$image" ] || exit 0
case $2 in
  amd64) kernel=linux-image-cloud-amd64 ;;
  i386) kernel=linux-image-686-pae ;;
  *) echo "no kernel for $2" >&2; exit 2 ;;
esac
root=$2.root
rm -rf "$root" "$image.new"
debootstrap --arch="$2" --variant=minbase \
  --include="$kernel,grub-pc,systemd-sysv,udev,iproute2,procps" bookworm "$root" \
  http://deb.debian.org/debian
echo root:root | chroot "$root" chpasswd
echo wardian >"$root/etc/hostname"
echo 'LABEL=root / ext4 defaults 0 1' >"$root/etc/fstab"
cat >"$root/etc/default/grub" <<END
GRUB_TIMEOUT=-1
GRUB_TERMINAL=console
GRUB_DISABLE_OS_PROBER=true
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0 net.ifnames=0"
END
truncate -s 2G "$image.new"
echo '2048,,83,*' | sfdisk -q "$image.new"
whole=$(losetup -f --show "$image.new")
part=$(losetup -f --show -o 1048576 "$image.new")
# update-grub looks for the file behind a device of the name loop, and does not see it.
device=/dev/wardian-disk-$$
mnt=$2.mnt
mkdir -p "$mnt"
trap 'umount -q "$mnt/dev" "$mnt/proc" "$mnt/sys" "$mnt" 2>/dev/null || :
  rm -f "$device"; losetup -d "$part" "$whole"; rmdir "$mnt" || :' EXIT
mknod "$device" b $((0x$(stat -c %t "$part"))) $((0x$(stat -c %T "$part")))
mke2fs -q -t ext4 -L root -d "$root" "$part"
mount "$device" "$mnt"
for each in dev proc sys; do mount --bind "/$each" "$mnt/$each"; done
chroot "$mnt" grub-install --target=i386-pc --modules='part_msdos ext2' "$whole"
chroot "$mnt" update-grub
# The loop device is not where the guest has its disk.
id=$(blkid -s UUID -o value "$part")
sed -i "s#root=/dev/[^ ]*#root=UUID=$id#g" "$mnt/boot/grub/grub.cfg"
umount "$mnt/dev" "$mnt/proc" "$mnt/sys" "$mnt"
rm -rf "$root"
mv "$image.new" "$image"
