# Part of nested-host, in its guest: machines on volumes of a group, and a daemon that is killed while
# it copies one.

v() { virsh -q -c "$our_uri" "$@"; }
refused() { ! v "$@"; }

truncate -s 256M /tmp/group.img
device=$(losetup -f --show /tmp/group.img)
cat >/tmp/box.xml <<'XML'
<domain type='qemu'>
  <name>box</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>
  <devices>
    <disk type='volume' device='disk'><source pool='group' volume='one'/><target dev='vda' bus='virtio'/></disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/><source dev='/dev/wardian/two'/><target dev='vdb' bus='virtio'/>
    </disk>
  </devices>
</domain>
XML
start_ours || exit 1

echo "- a machine on two volumes"
check "a pool is built" v pool-create-as group logical --source-dev "$device" --source-name wardian --build
check "it gets volumes" v "vol-create-as group one 16M; vol-create-as group two 16M"
check "one gets a boot sector" v vol-upload one "$parts/mark.bin" group
check "a machine starts from it" v create /tmp/box.xml
marked() { dd if=/dev/wardian/one bs=512 skip=1 count=1 iflag=direct 2>/dev/null | grep -q -a WARDIAN; }
for _ in $(seq 120); do ! marked || break; sleep 1; done
check "and writes its sector" marked
v domblklist box --details
check "its second disk is seen" [ "$(v domblkinfo box vdb | awk '/Capacity/ { print $2 }')" = 16777216 ]
check "a volume in use is not wiped" refused vol-wipe one group
check "nor written" refused vol-upload two "$parts/mark.bin" group
check "nor deleted" refused vol-delete two group
check "nor does the pool stop" refused pool-destroy group
check "the machine runs on" [ "$(v domstate box)" = running ]

echo "- a daemon that is killed"
systemctl kill --signal=KILL --kill-whom=main ward
systemctl reset-failed ward 2>/dev/null
for _ in $(seq 100); do systemctl -q is-active ward || break; sleep 0.1; done
start_ours || exit 1
check "the next one has the pool" [ "$(v pool-list --name | xargs)" = group ]
check "its volumes" [ "$(v vol-list group | awk '{ print $1 }' | xargs)" = "one two" ]
check "and the machine" [ "$(v domstate box)" = running ]
v destroy box
check "a volume that is free again goes" v vol-delete two group

echo "- a daemon that is killed in the middle of a copy"
tagged() { lvs --noheadings -o lv_tags wardian 2>/dev/null | grep -q unfinished; }
v vol-create-as group big 100M
v vol-clone big half group &
clone=$!
for _ in $(seq 300); do ! tagged || break; sleep 0.1; done
check "the copy is known to be unfinished" tagged
systemctl kill --signal=KILL --kill-whom=main ward
wait "$clone"
systemctl reset-failed ward 2>/dev/null
for _ in $(seq 100); do systemctl -q is-active ward || break; sleep 0.1; done
start_ours || exit 1
v vol-list group
check "the next daemon has removed it" [ "$(v vol-list group | awk '{ print $1 }' | xargs)" = "big one" ]
check "of the group too" [ "$(lvs --noheadings -o lv_name wardian | xargs)" = "big one" ]
check "the pool is stopped" v pool-destroy group
check "and its volumes are off" [ ! -e /dev/wardian/one ]
vgremove -q -f wardian >/dev/null
losetup -d "$device"
exit "$fail"
