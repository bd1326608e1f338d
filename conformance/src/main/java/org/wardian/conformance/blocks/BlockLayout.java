package org.wardian.conformance.blocks;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;

/**
 * The guest that a block runs in: a window of pages of every kind, seen at three linear addresses,
 * and a kernel whose exception handlers halt.
 *
 * <p>Sources: Intel SDM vol. 3 §3.4.5, §4.5, §6.14, §7.7.
 */
final class BlockLayout {
  static final int PAGE = 4096;
  static final long RAM = 0x20_0000;

  /** Linear addresses of the window: near the bottom, near the top of the lower half, at -2 GiB. */
  static final long[] ORIGINS = {0xc0_0000L, 0x7f00_00c0_0000L, 0xffff_ffff_80c0_0000L};

  // Offsets in the window.
  static final int DATA = 0x4000;
  static final int DATA_SIZE = 0x2000;
  static final int READ_ONLY = 0x7000;
  static final int SYSTEM = 0x8000;

  /** No memory behind it: a bus access. */
  static final int BUS = 0x9000;

  /** Counters of loops, which no operand is directed to. */
  static final int COUNTERS = 0xb000;

  static final int STACK = 0xd000;

  /** The first page of data again. */
  static final int DATA_AGAIN = 0xe000;

  /** Two pages of code that may be written, and behind them none. */
  static final int CODE = 0x1_0000;

  static final int CODE_SIZE = 0x2000;

  /** The pages of code again, not executable. */
  static final int CODE_AGAIN = 0x1_3000;

  /** A page that is not there. */
  static final int ABSENT = 0xa000;

  /** Linear address of guest-physical 0 for the kernel, which no block finds by chance. */
  static final long KERNEL = 0xffff_9200_0000_0000L;

  static final long PML4 = 0x1000;
  static final long PAGE_TABLE = 0x4000;
  static final long GDT = 0x7000;
  static final long IDT = 0x8000;
  static final long TSS = 0x9000;
  static final int TSS_LIMIT = 0x67;
  static final long HANDLERS = 0xa000;
  static final int HANDLER_STRIDE = 16;

  /** An IRETQ, by which a block is entered. */
  static final long ENTRY = 0xb800;

  /** What SYSCALL calls. */
  static final long[] CALLS = {0xb900, 0xb910, 0xb920, 0xb930};

  /** Bytes of paging structures, from {@link #PML4} on. */
  static final int PAGING_LENGTH = 0x6000;

  /** Bits of a page-table entry that accesses set. */
  static final long ACCESSED_DIRTY = 0x60;

  /** Top of the stack that exceptions are delivered on. */
  static final long STACK_TOP = 0xd000;

  static final int KERNEL_CODE = 0x10;
  static final int KERNEL_DATA = 0x18;
  static final int USER_DATA = 0x2b;
  static final int USER_CODE = 0x33;
  static final int TASK = 0x40;

  private static final long WINDOW = 0x10_0000;
  private static final long SECOND_CODE_PAGE = 0x18_0000;
  private static final long PRESENT = 1;
  private static final long WRITE = 2;
  private static final long USER = 4;
  private static final long LARGE = 0x80;
  private static final long NO_EXECUTE = 1L << 63;
  private static final byte HLT = (byte) 0xf4;
  private static final byte[] IRETQ = {0x48, (byte) 0xcf};

  /** SYSRETQ alone; behind SWAPGS twice; behind STAC, CLAC and a test; behind STI. */
  private static final byte[][] CALLED = {
    {0x48, 0x0f, 0x07},
    {0x0f, 0x01, (byte) 0xf8, 0x0f, 0x01, (byte) 0xf8, 0x48, 0x0f, 0x07},
    {
      0x0f,
      0x01,
      (byte) 0xcb,
      0x48,
      (byte) 0x85,
      (byte) 0xc9,
      0x0f,
      0x01,
      (byte) 0xca,
      0x48,
      0x0f,
      7
    },
    {(byte) 0xfb, 0x48, 0x0f, 0x07}
  };

  private BlockLayout() {}

  /** Guest-physical address of a page of the window. */
  static long physical(int offset) {
    return switch (offset & -PAGE) {
      case BUS -> 0x8000_0000L;
      case DATA_AGAIN -> WINDOW + DATA;
      case CODE_AGAIN -> WINDOW + CODE;
      case CODE + PAGE, CODE_AGAIN + PAGE -> SECOND_CODE_PAGE;
      default -> WINDOW + (offset & -PAGE);
    };
  }

  /** Memory with everything in place but the window's content. */
  static GuestMemory create() {
    GuestMemory memory = GuestMemory.withRam(RAM);
    long table = PRESENT | WRITE | USER;
    for (int top : new int[] {0, 254, 511}) {
      put(memory, PML4 + 8L * top, 0x2000 | table);
    }
    put(memory, 0x2000, 0x3000 | table);
    put(memory, 0x2000 + 8 * 510, 0x3000 | table);
    put(memory, 0x3000 + 8 * 6, PAGE_TABLE | table);
    put(memory, PML4 + 292 * 8, 0x5000 | PRESENT | WRITE);
    put(memory, 0x5000, 0x6000 | PRESENT | WRITE);
    put(memory, 0x6000, LARGE | PRESENT | WRITE | 0x60);
    pages(memory);
    put(memory, GDT + KERNEL_CODE, 0x00af_9b00_0000_ffffL);
    put(memory, GDT + KERNEL_DATA, 0x00cf_9300_0000_ffffL);
    put(memory, GDT + (USER_DATA & -8), 0x00cf_f300_0000_ffffL);
    put(memory, GDT + (USER_CODE & -8), 0x00af_fb00_0000_ffffL);
    // IST1 and RSP0; the I/O map lies beyond the limit.
    put(memory, TSS + 0x24, KERNEL + STACK_TOP);
    put(memory, TSS + 4, KERNEL + STACK_TOP);
    RawMemory.putShort(memory.hostAddress(TSS + 102), (short) (TSS_LIMIT + 1));
    memory.write(ENTRY, IRETQ, 0, IRETQ.length);
    for (int n = 0; n < CALLS.length; n++) {
      memory.write(CALLS[n], CALLED[n], 0, CALLED[n].length);
    }
    for (int vector = 0; vector < 256; vector++) {
      handler(memory, vector);
    }
    return memory;
  }

  private static void handler(GuestMemory memory, int vector) {
    long handler = KERNEL + HANDLERS + (long) vector * HANDLER_STRIDE;
    long type = vector == 3 ? 0xee : 0x8e;
    long low = handler & 0xffff | (long) KERNEL_CODE << 16 | 1L << 32 | type << 40;
    put(memory, IDT + 16L * vector, low | (handler >>> 16 & 0xffff) << 48);
    put(memory, IDT + 16L * vector + 8, handler >>> 32);
    memory.write(HANDLERS + (long) vector * HANDLER_STRIDE, new byte[] {HLT}, 0, 1);
  }

  /** Writes the window's page table, with nothing accessed yet. */
  private static void pages(GuestMemory memory) {
    data(memory, DATA, WRITE | USER);
    data(memory, DATA + PAGE, WRITE | USER);
    data(memory, READ_ONLY, USER);
    data(memory, SYSTEM, WRITE);
    data(memory, BUS, WRITE | USER);
    data(memory, COUNTERS, WRITE | USER);
    data(memory, STACK, WRITE | USER);
    data(memory, DATA_AGAIN, WRITE | USER);
    for (int page = 0; page < CODE_SIZE; page += PAGE) {
      data(memory, CODE_AGAIN + page, WRITE | USER);
      long entry = physical(CODE + page) | PRESENT | WRITE | USER;
      put(memory, PAGE_TABLE + (CODE + page) / PAGE * 8L, entry);
    }
  }

  private static void data(GuestMemory memory, int offset, long rights) {
    long entry = physical(offset) | PRESENT | NO_EXECUTE | rights;
    put(memory, PAGE_TABLE + offset / PAGE * 8L, entry);
  }

  private static void put(GuestMemory memory, long physical, long value) {
    RawMemory.putLong(memory.hostAddress(physical), value);
  }
}
