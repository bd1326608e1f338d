package org.wardian.processor.software;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** The block that is being written: what those who write its parts share. */
final class Emission {
  final HostAssembler a = new HostAssembler();
  final FlagKeeper flags = new FlagKeeper(a);

  GuestBlock block;

  /** Linear address of the page that the block is in. */
  long pageRip;

  /** Index of the TLB's table that the code uses, and the table's offset in the state block. */
  int mode;

  int table;

  /** Whether the code counts its instructions. */
  boolean counted;

  /** The instruction that is being written. */
  int current;

  /** Labels of the cold code of each instruction, or -1. */
  private final int[] slow = new int[GuestBlock.LIMIT];

  /** Offset at which each instruction can be entered again. */
  private final int[] entries = new int[GuestBlock.LIMIT];

  void start(GuestBlock guest, long rip, int tlbMode) {
    block = guest;
    pageRip = rip;
    mode = tlbMode;
    table = StateLayout.ARCHITECTURAL_SIZE + (int) (tlbMode * Mmu.TABLE_SIZE);
    flags.start(guest);
  }

  /** Instruction {@code n} starts here. */
  void entry(int n) {
    current = n;
    slow[n] = -1;
    entries[n] = a.offset();
  }

  int entryOf(int n) {
    return entries[n];
  }

  /** Label of the way to Java at instruction {@code n}, before it has changed anything. */
  int slowPath(int n) {
    if (slow[n] < 0) {
      slow[n] = a.newLabel();
    }
    return slow[n];
  }

  /** The same, or -1 where nobody takes it. */
  int slowLabel(int n) {
    return slow[n];
  }

  /** RIP behind instruction {@code n}. */
  long after(int n) {
    return pageRip + block.offsets[n] + block.instructions[n].length;
  }

  /** Where instruction {@code n}, a relative jump, leads. */
  long target(int n, Instruction i) {
    return after(n) + i.immediate;
  }

  /** Brings the guest's flags into the host's. */
  void restoreFlags() {
    flags.restore(entries[current]);
  }

  /** Brings the guest's flags to where they are parked. */
  void parkFlags() {
    flags.parkWritten(entries[current]);
  }

  /** The host's flags are not the guest's any more. */
  void flagsLost() {
    flags.lost();
  }

  /** Instruction {@code n} has left its flags in the host's. */
  void flagsAfter(int n) {
    flags.after(n, null);
  }
}
