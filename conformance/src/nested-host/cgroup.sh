# Part of nested-host, in its guest: the control groups of a machine of ours beside those of libvirtd's.

dd if="$parts/burn.bin" of=/tmp/burn.img conv=sync 2>/dev/null
truncate -s 16M /tmp/burn.img /tmp/empty.img
burn=$(losetup -f --show /tmp/burn.img)
empty=$(losetup -f --show /tmp/empty.img)

# machine DISK TUNING: a definition.
machine() {
  cat <<XML
<domain type='qemu'>
  <name>box</name>
  <memory unit='MiB'>128</memory>
  <vcpu cpuset='0-1'>2</vcpu>
  $2
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/>
      <source dev='$1'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
XML
}
tuning() {
  cat <<XML
  <cputune>$1
    <period>100000</period><quota>50000</quota>
    <global_period>50000</global_period><global_quota>80000</global_quota>
    <emulator_period>20000</emulator_period><emulator_quota>15000</emulator_quota>
    <vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/><emulatorpin cpuset='1'/>
  </cputune>
  <numatune><memory mode='strict' nodeset='0'/></numatune>
  <memtune>
    <hard_limit unit='MiB'>700</hard_limit><soft_limit unit='MiB'>600</soft_limit>
    <swap_hard_limit unit='MiB'>900</swap_hard_limit>
  </memtune>
  <blkiotune>$2
    <device>
      <path>$empty</path>
      <read_bytes_sec>1000000</read_bytes_sec><write_bytes_sec>2000000</write_bytes_sec>
      <read_iops_sec>100</read_iops_sec><write_iops_sec>200</write_iops_sec>
    </device>
  </blkiotune>
XML
}

pid_of() {
  if [ "$1" = "$our_uri" ]; then
    pgrep -f 'machine --definition .*-box/definition.xml' | head -n 1
  else
    cat /run/libvirt/qemu/box.pid
  fi
}
# The group of a process, above those of its threads.
group_of() { sed -n 's#^0::\(.*\)#/sys/fs/cgroup\1#p' "/proc/$1/cgroup" | sed 's#/emulator$##'; }

# limits FOLDER: what the kernel holds a group to, and those within.
limits() {
  (
    cd "$1" && find . \( -name cgroup.type -o -name cgroup.subtree_control -o -name 'cpu.weight' -o -name cpu.max \
      -o -name cpuset.cpus -o -name cpuset.mems -o -name memory.max -o -name memory.high -o -name memory.low \
      -o -name memory.swap.max -o -name io.weight -o -name io.max \) | LC_ALL=C sort | while read -r file; do
      echo "$file $(tr '\n' ' ' <"$file")"
    done
    for file in vcpu*/cgroup.threads; do [ ! -s "$file" ] || echo "$file has threads"; done
  )
}

# ask URI COMMAND...: commands of virsh, each with its answer.
ask() {
  local uri=$1 line=''
  shift
  for command; do line+="echo '== $command'; $command; "; done
  # Where a group is differs with its maker's.
  virsh -c "$uri" "$line" 2>&1 | sed "s#'/sys/fs/cgroup/[^']*/#'GROUP/#"
}

looks=("schedinfo box" "memtune box" "blkiotune box" "numatune box" "vcpupin box" "emulatorpin box")
changes=("schedinfo box --live --set vcpu_quota=20000" "schedinfo box --live --set vcpu_quota=0"
  "schedinfo box --live --set global_quota=-1" "schedinfo box --live --set emulator_quota=30000"
  "schedinfo box --live --set emulator_period=0" "schedinfo box --live --set global_period=25000"
  "schedinfo box --live --set global_period=500" "memtune box --live --hard-limit 500000"
  "memtune box --live --soft-limit 400000" "memtune box --live --swap-hard-limit 800000"
  "memtune box --live --hard-limit 600000 --swap-hard-limit 500000" "memtune box --live --hard-limit -1"
  "blkiotune box --live --device-read-bytes-sec $empty,5000000"
  "blkiotune box --live --device-write-iops-sec $empty,0" "blkiotune box --live --device-read-iops-sec /dev/nope,1"
  "blkiotune box --live --device-read-iops-sec /tmp/empty.img,1" "vcpupin box 0 0-1 --live" "emulatorpin box 0 --live"
  "numatune box --mode restrictive --live" "numatune box --nodeset 0 --live")
weights=("schedinfo box --live --set cpu_shares=300" "schedinfo box --live --set cpu_shares=1"
  "schedinfo box --live --set cpu_shares=20000" "blkiotune box --live --weight 200" "blkiotune box --live --weight 5")

# observe URI FILE SCOPE CHANGE...: a machine of a definition, as its client and the kernel see it before
# and after changes.
observe() {
  local uri=$1 file=$2 scope=$3 group
  shift 3
  virsh -q -c "$uri" create "$file" || return
  group=$(group_of "$(pid_of "$uri")")
  echo "group of $uri: $group" >&2
  [ "$scope" = no ] || { echo "${group#/sys/fs/cgroup}" | sed 's/x2d[0-9]*/x2dID/'; limits "${group%/libvirt}"; }
  limits "$group"
  ask "$uri" "${looks[@]}"
  ask "$uri" "$@"
  limits "$group"
  ask "$uri" "${looks[@]}"
  virsh -c "$uri" dumpxml box | sed -n '/<blkiotune>/,/<\/numatune>/p'
  virsh -q -c "$uri" destroy box
  for _ in $(seq 300); do [ -d "$group" ] || break; sleep 0.1; done
  [ ! -d "$group" ] || echo "the group is left: $(cat "$group"/cgroup.events)"
}
same() {
  diff -u --label ours --label libvirtd /tmp/ours /tmp/theirs
}

echo "- beside libvirtd, both by systemd"
# Without shares and weights: libvirt 9.0.0 aborts when it tells systemd of them.
machine "$empty" "$(tuning '' '')" >/tmp/box.xml
start_ours && systemctl start libvirtd || exit 1
observe "$our_uri" /tmp/box.xml yes "${changes[@]}" >/tmp/ours
observe "$their_uri" /tmp/box.xml yes "${changes[@]}" >/tmp/theirs
cat /tmp/ours
check "the groups and the answers are libvirtd's, $(grep -c '' /tmp/theirs) lines" same

echo "- beside libvirtd without machined, with shares and weights"
machine "$empty" "$(tuning '<shares>512</shares>' '<weight>300</weight>')" >/tmp/box.xml
systemctl stop libvirtd libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket systemd-machined 2>/dev/null
rm -f /usr/share/dbus-1/system-services/org.freedesktop.machine1.service
systemctl try-restart dbus
systemctl start libvirtd.socket libvirtd
observe "$our_uri" /tmp/box.xml no "${weights[@]}" >/tmp/ours
observe "$their_uri" /tmp/box.xml no "${weights[@]}" >/tmp/theirs
cat /tmp/ours
check "the groups and the answers are libvirtd's, $(grep -c '' /tmp/theirs) lines" same
systemctl stop libvirtd libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket

echo "- a guest that computes, reads and writes"
v() { virsh -q -c "$our_uri" "$@"; }
machine "$burn" "<cputune><vcpupin vcpu='0' cpuset='1'/></cputune>
  <memtune><hard_limit unit='MiB'>600</hard_limit></memtune>
  <blkiotune><device><path>$burn</path><read_bytes_sec>1048576</read_bytes_sec></device></blkiotune>" >/tmp/box.xml
echo 3 >/proc/sys/vm/drop_caches
began=$(now)
check "it starts" v create /tmp/box.xml
group=$(group_of "$(pid_of "$our_uri")")
limits "$group"
# of FILE NAME: a figure of the group.
of() { sed -n "s/^$2 //p" "$group/$1"; }
bytes() {
  awk -v d="$(cat /sys/block/"${burn#/dev/}"/dev)" '$1 == d { sub("rbytes=", "", $2); n = $2 } END { print n + 0 }' "$group/io.stat"
}
# Whether no more was read than a MiB a second, and one at once; tells how much.
slow() {
  local read since
  read=$(bytes)
  since=$(awk -v a="$began" -v b="$(now)" 'BEGIN { printf "%d", b - a + 1 }')
  echo "        $read bytes after $since s"
  [ "$read" -le $(((since + 1) << 20)) ]
}
before=$(cat "$group/memory.current")
for _ in $(seq 120); do
  # Counted from the last look at which it had not begun.
  [ "$(bytes)" -gt 0 ] || began=$(now)
  slow || break
  [ "$(bytes)" -lt $((8 << 20)) ] || break
  sleep 3
done
check "it has read its 8 MiB" [ "$(bytes)" -ge $((8 << 20)) ]
check "and no faster than a MiB a second" slow
for _ in $(seq 120); do
  [ "$(cat "$group/memory.current")" -lt $((before + (64 << 20))) ] || break
  sleep 2
done
check "its memory is charged: $before bytes, then $(cat "$group/memory.current")" \
  [ "$(cat "$group/memory.current")" -ge $((before + (64 << 20))) ]
check "and was never more than the limit: $(cat "$group/memory.peak")" [ "$(cat "$group/memory.peak")" -le $((600 << 20)) ]
# Of several threads: those that the vCPU's thread has started are with it.
elsewhere=$(for thread in $(cat "$group/vcpu0/cgroup.threads"); do
  grep -L -x 'Cpus_allowed_list:.1' "/proc/$(pid_of "$our_uri")/task/$thread/status"
done)
check "the vCPU's thread may run on processor 1 only" [ -z "$elsewhere" ]
check "the vCPU is not held back yet" [ "$(cat "$group/vcpu0/cpu.max")" = "max 100000" ]
v schedinfo box --live --set vcpu_quota=20000
used=$(of vcpu0/cpu.stat usage_usec) at=$(now)
sleep 20
share=$(awk -v u="$(($(of vcpu0/cpu.stat usage_usec) - used))" -v a="$at" -v b="$(now)" \
  'BEGIN { printf "%d", u / ((b - a) * 10000) }')
check "with a quota of 20 of 100 it gets $share" [ "$share" -le 24 ]
check "and runs" [ "$share" -ge 1 ]
check "and was held back $(of vcpu0/cpu.stat nr_throttled) times" [ "$(of vcpu0/cpu.stat nr_throttled)" -gt 0 ]
systemctl restart ward
until v version >/dev/null 2>&1; do sleep 1; done
check "a daemon that starts anew finds the group" v schedinfo box --live --set vcpu_quota=-1
check "and lifts the limit" [ "$(cat "$group/vcpu0/cpu.max")" = "max 100000" ]
check "the machine is where it was" [ "$(group_of "$(pid_of "$our_uri")")" = "$group" ]
check "a limit that is too small" v memtune box --live --hard-limit 65536
for _ in $(seq 300); do v list --name | grep -q box || break; sleep 0.2; done
check "ends the machine" [ -z "$(v list --name)" ]
for _ in $(seq 300); do [ -d "$group" ] || break; sleep 0.1; done
check "and the group goes with it" [ ! -d "$group" ]
losetup -d "$burn" "$empty"
exit "$fail"
