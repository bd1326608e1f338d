package org.wardian.processor.kvm;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Looks up linear addresses in a guest's page tables without touching them: no accessed bits, no
 * faults, no permissions. Whatever the tables hold, it ends.
 *
 * <p>Source: Intel SDM vol. 3 §5.3 (32-bit), §5.4 (PAE), §5.5 (4-level).
 */
final class GuestPageTables {
  /** No memory is mapped there. */
  static final long ABSENT = -1;

  private static final long CR0_PG = 1L << 31;
  private static final long CR4_PSE = 1 << 4;
  private static final long CR4_PAE = 1 << 5;
  private static final long PRESENT = 1;
  private static final long LARGE = 1 << 7;

  /** Bits 51:12 of a table entry. */
  private static final long ADDRESS = (1L << 52) - 4096;

  private static final long WORD = 0xffff_ffffL;

  private final GuestMemory memory;
  private final long block;

  /** Tables of the vCPU whose state block is at host address {@code block}. */
  GuestPageTables(GuestMemory memory, long block) {
    this.memory = memory;
    this.block = block;
  }

  /** The guest-physical address of linear address {@code linear}, or {@link #ABSENT}. */
  long physical(long linear) {
    boolean longMode =
        (RawMemory.getLong(block + StateLayout.EFER) & ControlState.LONG_MODE_ACTIVE) != 0;
    if ((RawMemory.getLong(block + StateLayout.CR0) & CR0_PG) == 0) {
      return linear & WORD;
    }
    long cr3 = RawMemory.getLong(block + StateLayout.CR3);
    long cr4 = RawMemory.getLong(block + StateLayout.CR4);
    if (longMode) {
      return linear << 16 >> 16 == linear ? walk(cr3 & ADDRESS, linear, 39) : ABSENT;
    }
    if ((cr4 & CR4_PAE) != 0) {
      long pointer = entry((cr3 & 0xffff_ffe0L) + 8 * (linear >>> 30 & 3));
      return (pointer & PRESENT) == 0 ? ABSENT : walk(pointer & ADDRESS, linear & WORD, 21);
    }
    return walk32(cr3 & 0xffff_f000L, linear & WORD, (cr4 & CR4_PSE) != 0);
  }

  /** The byte at linear address {@code linear}, or -1 where there is none. */
  int load(long linear) {
    long physical = physical(linear);
    long host = physical == ABSENT ? 0 : memory.hostAddress(physical);
    return host == 0 ? -1 : RawMemory.getByte(host) & 0xff;
  }

  /** Tables of 512 entries; {@code shift} is that of the first table's index. */
  private long walk(long table, long linear, int shift) {
    long at = table;
    for (int s = shift; s >= 12; s -= 9) {
      long entry = entry(at + 8 * (linear >>> s & 511));
      if ((entry & PRESENT) == 0) {
        return ABSENT;
      }
      if (s == 12 || (s <= 30 && (entry & LARGE) != 0)) {
        long offset = (1L << s) - 1;
        return entry & ADDRESS & ~offset | linear & offset;
      }
      at = entry & ADDRESS;
    }
    return ABSENT;
  }

  private long walk32(long directory, long linear, boolean largePages) {
    long entry = entry32(directory + 4 * (linear >>> 22));
    if ((entry & PRESENT) == 0) {
      return ABSENT;
    }
    if (largePages && (entry & LARGE) != 0) {
      // Bits 20:13 are bits 39:32 of the address (PSE-36).
      return (entry & 0x1f_e000) << 19 | entry & 0xffc0_0000L | linear & 0x3f_ffff;
    }
    entry = entry32((entry & 0xffff_f000L) + 4 * (linear >>> 12 & 1023));
    return (entry & PRESENT) == 0 ? ABSENT : entry & 0xffff_f000L | linear & 0xfff;
  }

  /** Entries are aligned and regions made of pages, so no entry leaves its region. */
  private long entry(long address) {
    long host = memory.hostAddress(address);
    return host == 0 ? 0 : RawMemory.getLong(host);
  }

  private long entry32(long address) {
    long host = memory.hostAddress(address);
    return host == 0 ? 0 : RawMemory.getInt(host) & WORD;
  }
}
