package org.wardian.conformance.oracle;

import java.util.Arrays;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;

/**
 * The smallest kernel that a case needs: page tables with the window, descriptor tables like those
 * of Linux, and a handler for each exception that halts.
 *
 * <p>Layout of guest-physical memory: tables and handlers below 1 MiB, the window's pages from 1
 * MiB on. The kernel sees all of it at {@link #KERNEL}. Sources: Intel SDM vol. 3 §3.4.5, §4.5,
 * §6.14, §7.7.
 */
final class OracleGuest {
  static final long RAM = 0x20_0000;

  /** Linear address of guest-physical 0 for the kernel. */
  static final long KERNEL = 0xffff_8000_0000_0000L;

  static final long PML4 = 0x1000;
  static final long GDT = 0x7000;
  static final int GDT_LIMIT = 16 * 8 - 1;
  static final long LDT = 0x7800;
  static final long IDT = 0x8000;
  static final long TSS = 0x9000;
  static final int TSS_LIMIT = 0x67;

  /** Handler of vector n is at n times {@link #HANDLER_STRIDE}. */
  static final long HANDLERS = 0xa000;

  static final int HANDLER_STRIDE = 16;
  static final long STACK_TOP = 0xc000;

  /** Guest-physical address of the window. */
  static final long WINDOW = 0x10_0000;

  static final int KERNEL_CODE = 0x10;
  static final int TASK = 0x40;
  static final int TASK_ATTRIBUTES = 0x8b;
  static final int LOCAL_TABLE = 0x50;
  static final int LOCAL_TABLE_ATTRIBUTES = 0x82;

  private static final long PRESENT = 1;
  private static final long WRITE = 2;
  private static final long USER = 4;
  private static final long LARGE = 0x80;
  private static final long NO_EXECUTE = 1L << 63;
  private static final long ACCESSED_DIRTY = 0x60;
  private static final byte HLT = (byte) 0xf4;

  private final GuestMemory memory;

  private OracleGuest(GuestMemory memory) {
    this.memory = memory;
  }

  /** Memory with everything in place. */
  static GuestMemory create() {
    GuestMemory memory = GuestMemory.withRam(RAM);
    OracleGuest guest = new OracleGuest(memory);
    guest.pageTables();
    guest.descriptors();
    guest.handlers();
    return memory;
  }

  /** Limit of the local descriptor table: it ends with its last entry, as Linux makes it. */
  static int localTableLimit() {
    int entries = 0;
    for (Selectors segment : Selectors.values()) {
      if (segment.isLocal()) {
        entries = Math.max(entries, segment.index() + 1);
      }
    }
    return entries * 8 - 1;
  }

  private void put(long physical, long value) {
    RawMemory.putLong(memory.hostAddress(physical), value);
  }

  private void pageTables() {
    long table = PRESENT | WRITE | USER;
    put(PML4, 0x2000 | table);
    put(0x2000, 0x3000 | table);
    put(0x3000 + (ScratchLayout.WINDOW >>> 21) * 8, 0x4000 | table);
    for (int page = 0; page < ScratchLayout.WINDOW_SIZE / ScratchLayout.PAGE; page++) {
      int offset = page * ScratchLayout.PAGE;
      long entry = WINDOW + offset | USER | ACCESSED_DIRTY;
      if (ScratchLayout.inData(offset, ScratchLayout.PAGE)) {
        entry |= PRESENT | WRITE | NO_EXECUTE;
      } else if (offset == ScratchLayout.CODE) {
        entry |= PRESENT;
      } else if (offset == ScratchLayout.READ_ONLY) {
        entry |= PRESENT | NO_EXECUTE;
      }
      put(0x4000 + 8L * page, entry);
    }
    put(PML4 + 256 * 8, 0x5000 | PRESENT | WRITE);
    put(0x5000, 0x6000 | PRESENT | WRITE);
    put(0x6000, LARGE | PRESENT | WRITE | ACCESSED_DIRTY);
    byte[] breakpoints = new byte[ScratchLayout.PAGE];
    Arrays.fill(breakpoints, ScratchLayout.BREAKPOINT);
    memory.write(WINDOW + ScratchLayout.CODE, breakpoints, 0, breakpoints.length);
  }

  /** A segment descriptor; {@code attributes} as in the state layout. */
  private static long descriptor(long base, long limit, int attributes) {
    boolean pages = (attributes & 0x8000) != 0;
    long field = pages ? limit >>> 12 : limit;
    return field & 0xffff
        | (base & 0xff_ffff) << 16
        | (long) (attributes & 0xf0ff) << 40
        | (field >>> 16 & 0xf) << 48
        | (base >>> 24 & 0xff) << 56;
  }

  private void descriptors() {
    long flat = 0xffff_ffffL;
    put(GDT + 0x08, descriptor(0, flat, 0xc09b));
    put(GDT + KERNEL_CODE, descriptor(0, flat, 0xa09b));
    put(GDT + 0x18, descriptor(0, flat, 0xc093));
    put(GDT + 0x20, descriptor(0, flat, 0xc0fb));
    put(GDT + 0x28, descriptor(0, flat, 0xc0f3));
    put(GDT + 0x30, descriptor(0, flat, 0xa0fb));
    put(GDT + TASK, descriptor(KERNEL + TSS, TSS_LIMIT, TASK_ATTRIBUTES));
    put(GDT + TASK + 8, KERNEL >>> 32);
    put(GDT + LOCAL_TABLE, descriptor(KERNEL + LDT, localTableLimit(), LOCAL_TABLE_ATTRIBUTES));
    put(GDT + LOCAL_TABLE + 8, KERNEL >>> 32);
    for (Selectors s : Selectors.values()) {
      if (s.isLocal()) {
        put(LDT + 8L * s.index(), descriptor(s.base, s.limit, s.attributes));
      }
    }
    // RSP0 at +4; the I/O map base at +102 lies beyond the limit, so every port is forbidden.
    long top = KERNEL + STACK_TOP;
    RawMemory.putLong(memory.hostAddress(TSS + 4), top);
    RawMemory.putShort(memory.hostAddress(TSS + 102), (short) (TSS_LIMIT + 1));
  }

  private void handlers() {
    for (int vector = 0; vector < 256; vector++) {
      long handler = KERNEL + HANDLERS + (long) vector * HANDLER_STRIDE;
      // An interrupt gate; INT3 and INTO may be raised by a user's instruction, as in Linux.
      long type = vector == 3 || vector == 4 ? 0xee : 0x8e;
      put(
          IDT + 16L * vector,
          handler & 0xffff
              | (long) KERNEL_CODE << 16
              | type << 40
              | (handler >>> 16 & 0xffff) << 48);
      put(IDT + 16L * vector + 8, handler >>> 32);
      memory.write(HANDLERS + (long) vector * HANDLER_STRIDE, new byte[] {HLT}, 0, 1);
    }
  }
}
