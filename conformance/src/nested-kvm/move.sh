# Part of nested-kvm: a Linux that moves from kvm-amd to Wardian's own processor, and back.

# carried LEG: boots the emulated machine for one leg, once more where the emulator froze.
carried() {
  local leg=$1 attempt
  for attempt in 1 2; do
    boot "move-$leg" ''
    read_results
    [[ -z ${seen[$leg]-} && $ended != timeout ]] || break
    say "QEMU's end: $ended, in the move's leg '$leg', attempt $attempt"
  done
  [[ ${seen[$leg]-1} == 0 ]]
}

# between: this host's own processor goes on with what kvm-amd left, and saves it again.
between() {
  local size line
  size=$(head -c 512 "$work/move.disk" | tr -d '\0')
  [[ $size =~ ^[1-9][0-9]*$ ]] || { say "the move's disk has no saved machine"; return 1; }
  dd if="$work/move.disk" of="$work/move.kvm" bs=1M skip=1 status=none
  truncate -s "$size" "$work/move.kvm"
  "$root/ward" run --accelerator software --timeout 5m --script "$sources/move-between.script" \
    --restore-from "$work/move.kvm" --save-to "$work/move.software" \
    >"$work/move.console" 2>"$work/move.report" </dev/null || {
    tail -n 20 "$work/move.console" "$work/move.report" >&2
    return 1
  }
  for line in move-there-1764 move-clock-goes; do
    tr -d '\r' <"$work/move.console" | grep -q "^$line" || {
      tail -n 20 "$work/move.console" >&2
      say "restored by software, it did not say $line"
      return 1
    }
  done
  truncate -s 1M "$work/move.disk"
  { stat -c %s "$work/move.software"; } | dd of="$work/move.disk" bs=512 conv=sync,notrunc status=none
  dd if="$work/move.software" of="$work/move.disk" bs=1M seek=1 conv=notrunc status=none
  truncate -s 256M "$work/move.disk"
}

move() {
  rm -f "$work"/move.*
  truncate -s 256M "$work/move.disk"
  begin_phase "move from kvm-amd" "a Linux boots on kvm-amd and is saved"
  carried leave || { end_phase 1; return 1; }
  end_phase 0
  begin_phase "move to software" "this host restores it on Wardian's own processor, and saves it"
  between || { end_phase 1; return 1; }
  end_phase 0
  begin_phase "move to kvm-amd" "kvm-amd goes on with it"
  carried return || { end_phase 1; return 1; }
  end_phase 0
}

if move; then seen[move]=0; else seen[move]=1; fi
