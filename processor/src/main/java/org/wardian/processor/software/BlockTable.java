package org.wardian.processor.software;

import java.util.Arrays;

/** Translated blocks by linear address, mode and guest-physical page: a hash table of chains. */
final class BlockTable {
  private static final int SLOTS = 1 << 16;

  private final TranslatedBlock[] slots = new TranslatedBlock[SLOTS];

  private static int slot(long rip) {
    return (int) (rip ^ rip >>> 16) & SLOTS - 1;
  }

  /** The block, or null. */
  TranslatedBlock find(long rip, int mode, long physical) {
    TranslatedBlock block = slots[slot(rip)];
    while (block != null
        && (block.rip != rip || block.mode != mode || block.physical != physical)) {
      block = block.nextOfSlot;
    }
    return block;
  }

  void add(TranslatedBlock block) {
    int slot = slot(block.rip);
    block.nextOfSlot = slots[slot];
    slots[slot] = block;
  }

  void remove(TranslatedBlock block) {
    int slot = slot(block.rip);
    TranslatedBlock before = null;
    for (TranslatedBlock b = slots[slot]; b != null; before = b, b = b.nextOfSlot) {
      if (b.equals(block)) {
        if (before == null) {
          slots[slot] = b.nextOfSlot;
        } else {
          before.nextOfSlot = b.nextOfSlot;
        }
        return;
      }
    }
  }

  void clear() {
    Arrays.fill(slots, null);
  }
}
