package org.wardian.processor.kvm;

import org.wardian.host.kvm.SpecialRegisters;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Segments, descriptor tables and control registers between a state block and a {@code struct
 * kvm_sregs}, each given by its host address.
 *
 * <p>Sources: Linux, include/uapi/asm/kvm.h; Intel SDM vol. 3 table 25-2 (access rights).
 */
final class ControlState {
  /** Bit of {@link StateLayout#ATTRIBUTES}: a null segment. */
  static final int UNUSABLE = 1 << 16;

  /** Bit of {@link StateLayout#ATTRIBUTES}: 64-bit code. */
  static final int LONG_CODE = 1 << 13;

  /** EFER.LMA. */
  static final long LONG_MODE_ACTIVE = 1 << 10;

  /** CR0.ET, which is always set. */
  private static final long EXTENSION_TYPE = 1 << 4;

  private static final int DPL = 3 << 5;
  private static final int INTERRUPT_WORDS = 4;

  /** Where the kernel has the block's segments; {@link StateLayout#NO_SEGMENT} is not one. */
  private static final int[] PLACES = {
    SpecialRegisters.ES,
    SpecialRegisters.CS,
    SpecialRegisters.SS,
    SpecialRegisters.DS,
    SpecialRegisters.FS,
    SpecialRegisters.GS,
    -1,
    SpecialRegisters.LDT,
    SpecialRegisters.TR
  };

  private ControlState() {}

  /** Fills the block's fields from {@code special}. */
  static void read(long special, long block) {
    for (int i = 0; i < PLACES.length; i++) {
      if (i != StateLayout.NO_SEGMENT) {
        readSegment(special + PLACES[i], block + StateLayout.segment(i));
      }
    }
    readTable(special + SpecialRegisters.GDT, block, StateLayout.GDTR_BASE, StateLayout.GDTR_LIMIT);
    readTable(special + SpecialRegisters.IDT, block, StateLayout.IDTR_BASE, StateLayout.IDTR_LIMIT);
    copy(special + SpecialRegisters.CR0, block + StateLayout.CR0);
    copy(special + SpecialRegisters.CR2, block + StateLayout.CR2);
    copy(special + SpecialRegisters.CR3, block + StateLayout.CR3);
    copy(special + SpecialRegisters.CR4, block + StateLayout.CR4);
    copy(special + SpecialRegisters.EFER, block + StateLayout.EFER);
  }

  /**
   * Fills {@code special} from the block, all but CR8 and the APIC's base, which belong to the
   * local APIC: they must be there already.
   */
  static void write(long block, long special) {
    boolean longMode = (RawMemory.getLong(block + StateLayout.EFER) & LONG_MODE_ACTIVE) != 0;
    for (int i = 0; i < PLACES.length; i++) {
      if (i != StateLayout.NO_SEGMENT) {
        writeSegment(block + StateLayout.segment(i), special + PLACES[i], longMode);
      }
    }
    writeTable(
        block, StateLayout.GDTR_BASE, StateLayout.GDTR_LIMIT, special + SpecialRegisters.GDT);
    writeTable(
        block, StateLayout.IDTR_BASE, StateLayout.IDTR_LIMIT, special + SpecialRegisters.IDT);
    RawMemory.putLong(
        special + SpecialRegisters.CR0,
        RawMemory.getLong(block + StateLayout.CR0) | EXTENSION_TYPE);
    copy(block + StateLayout.CR2, special + SpecialRegisters.CR2);
    copy(block + StateLayout.CR3, special + SpecialRegisters.CR3);
    copy(block + StateLayout.CR4, special + SpecialRegisters.CR4);
    copy(block + StateLayout.EFER, special + SpecialRegisters.EFER);
    // An interrupt under way is set with the other events.
    RawMemory.fill(special + SpecialRegisters.INTERRUPT_BITMAP, 8L * INTERRUPT_WORDS, (byte) 0);
  }

  private static void readSegment(long from, long to) {
    boolean unusable = at(from, SpecialRegisters.SEGMENT_UNUSABLE) != 0;
    int attributes =
        at(from, SpecialRegisters.SEGMENT_TYPE) & 15
            | (at(from, SpecialRegisters.SEGMENT_S) & 1) << 4
            | (at(from, SpecialRegisters.SEGMENT_DPL) & 3) << 5
            | (at(from, SpecialRegisters.SEGMENT_PRESENT) & 1) << 7
            | (at(from, SpecialRegisters.SEGMENT_AVL) & 1) << 12
            | (at(from, SpecialRegisters.SEGMENT_L) & 1) << 13
            | (at(from, SpecialRegisters.SEGMENT_DB) & 1) << 14
            | (at(from, SpecialRegisters.SEGMENT_G) & 1) << 15;
    if (unusable) {
      // Nothing else counts; that of SS is the privilege level.
      attributes = UNUSABLE | attributes & DPL;
    }
    RawMemory.putShort(
        to + StateLayout.SELECTOR, RawMemory.getShort(from + SpecialRegisters.SEGMENT_SELECTOR));
    RawMemory.putInt(to + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(
        to + StateLayout.LIMIT, RawMemory.getInt(from + SpecialRegisters.SEGMENT_LIMIT));
    copy(from + SpecialRegisters.SEGMENT_BASE, to + StateLayout.BASE);
  }

  private static void writeSegment(long from, long to, boolean longMode) {
    int attributes = RawMemory.getInt(from + StateLayout.ATTRIBUTES);
    boolean unusable = (attributes & UNUSABLE) != 0;
    RawMemory.fill(to, SpecialRegisters.SEGMENT_SIZE, (byte) 0);
    copy(from + StateLayout.BASE, to + SpecialRegisters.SEGMENT_BASE);
    RawMemory.putInt(
        to + SpecialRegisters.SEGMENT_LIMIT, RawMemory.getInt(from + StateLayout.LIMIT));
    RawMemory.putShort(
        to + SpecialRegisters.SEGMENT_SELECTOR, RawMemory.getShort(from + StateLayout.SELECTOR));
    put(to, SpecialRegisters.SEGMENT_TYPE, attributes & 15);
    put(to, SpecialRegisters.SEGMENT_S, attributes >> 4 & 1);
    put(to, SpecialRegisters.SEGMENT_DPL, attributes >> 5 & 3);
    put(to, SpecialRegisters.SEGMENT_PRESENT, unusable ? 0 : attributes >> 7 & 1);
    put(to, SpecialRegisters.SEGMENT_AVL, attributes >> 12 & 1);
    // The bit means nothing outside long mode, where the kernel wants it clear.
    put(to, SpecialRegisters.SEGMENT_L, longMode ? attributes >> 13 & 1 : 0);
    put(to, SpecialRegisters.SEGMENT_DB, attributes >> 14 & 1);
    put(to, SpecialRegisters.SEGMENT_G, attributes >> 15 & 1);
    put(to, SpecialRegisters.SEGMENT_UNUSABLE, unusable ? 1 : 0);
  }

  private static void readTable(long table, long block, int base, int limit) {
    copy(table + SpecialRegisters.TABLE_BASE, block + base);
    RawMemory.putInt(
        block + limit, RawMemory.getShort(table + SpecialRegisters.TABLE_LIMIT) & 0xffff);
  }

  private static void writeTable(long block, int base, int limit, long table) {
    RawMemory.fill(table, SpecialRegisters.TABLE_SIZE, (byte) 0);
    copy(block + base, table + SpecialRegisters.TABLE_BASE);
    RawMemory.putShort(
        table + SpecialRegisters.TABLE_LIMIT, (short) RawMemory.getInt(block + limit));
  }

  private static int at(long segment, int field) {
    return RawMemory.getByte(segment + field);
  }

  private static void put(long segment, int field, int value) {
    RawMemory.putByte(segment + field, (byte) value);
  }

  private static void copy(long from, long to) {
    RawMemory.putLong(to, RawMemory.getLong(from));
  }
}
