#!/bin/sh
# The guest of the steps: a network card, a guest agent, an answer to the power button, a shell on the first serial port.
mkdir -p /proc /sys /dev /run /tmp /root /usr/bin /usr/sbin /sbin
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts /var && ln -sf /run /var/run
mount -t devpts none /dev/pts
echo 1 >/proc/sys/kernel/printk
while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/order
hostname steps
ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
  ip link set eth0 up
  udhcpc -i eth0 -b -q -t 5 -T 2 -s /bin/lease >/dev/null 2>&1 &
fi
for input in /sys/class/input/input*; do
  grep -q 'Power Button' "$input/name" 2>/dev/null || continue
  for event in "$input"/event*; do
    (dd if="/dev/input/${event##*/}" of=/dev/null bs=24 count=1 2>/dev/null; sync; poweroff -f) &
  done
done
for port in /sys/class/virtio-ports/*; do
  grep -q '^org.qemu.guest_agent.0$' "$port/name" 2>/dev/null || continue
  (while :; do qemu-ga -m virtio-serial -p "/dev/${port##*/}" >/dev/null 2>&1; sleep 1; done) &
done
echo GUEST-READY >/dev/ttyS0
while :; do
  setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
done
