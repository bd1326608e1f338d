#!/bin/bash
# QEMU as a machine with one disk of qcow2 images, whose nodes have the names that libvirt gives.
while [[ $# -gt 0 ]]; do
  case $1 in
    --definition) definition=$2; shift 2 ;;
    --qmp) socket=$2; shift 2 ;;
    *) shift ;;
  esac
done
chain=()
while IFS= read -r line; do
  [[ $line =~ \<source\ file=\'([^\']*)\'\ index=\'([0-9]+)\' ]] &&
    chain+=("${BASH_REMATCH[2]} ${BASH_REMATCH[1]}")
  [[ $line =~ \<backingStore\ .*index=\'([0-9]+)\' ]] && index=${BASH_REMATCH[1]}
  [[ $line =~ \<source\ file=\'([^\']*)\'/\> ]] && chain+=("$index ${BASH_REMATCH[1]}")
done <"$definition"
nodes=()
backing=null
for ((i = ${#chain[@]} - 1; i >= 0; i--)); do
  n=${chain[i]%% *} file=${chain[i]#* }
  only=true
  ((i == 0)) && only=false
  nodes+=(-blockdev "{\"driver\":\"file\",\"filename\":\"$file\",\"node-name\":\"libvirt-$n-storage\",\"auto-read-only\":true}")
  nodes+=(-blockdev "{\"driver\":\"qcow2\",\"file\":\"libvirt-$n-storage\",\"node-name\":\"libvirt-$n-format\",\"read-only\":$only,\"backing\":$backing}")
  backing="\"libvirt-$n-format\""
done
exec /usr/bin/qemu-system-x86_64 -S -nodefaults -display none -machine pc -m 16 -no-shutdown \
  -qmp "unix:$socket,server=on,wait=off" -device virtio-balloon,id=balloon0 \
  "${nodes[@]}" -device "virtio-blk-pci,drive=libvirt-$n-format,id=virtio-disk0"
