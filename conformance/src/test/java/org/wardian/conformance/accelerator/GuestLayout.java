package org.wardian.conformance.accelerator;

import org.wardian.memory.GuestMemory;

/**
 * What a guest finds in its memory besides its image: descriptor tables, page tables that map the
 * first 4 GiB to themselves, stacks. Numbers that guests use too are those of {@code
 * constants.inc}. Sources: Intel SDM vol. 3 §3.4.5, §4.3, §4.5, §6.14, §7.7, §20.1.4.
 */
final class GuestLayout {
  /** RAM of a guest, unless a test wants another size. */
  static final long RAM = 0x40_0000;

  static final long LOG = 0xc000;
  static final long RESULTS = 0xe000;
  static final long BUFFER = 0xf000;
  static final int PAGE_TABLES = 0x10000;
  static final int PAGE_TABLES_END = 0x1d000;
  static final int PML4 = 0x10000;
  static final int PDPT = 0x11000;
  static final int DIRECTORIES = 0x12000;

  /** Maps the first 2 MiB page by page. */
  static final int FIRST_TABLE = 0x16000;

  static final int GDT = 0x17000;
  static final int GDT_LIMIT = 9 * 8 - 1;
  static final int TSS = 0x17800;

  /** The task state holds a bitmap that allows ports below {@code 0x700} to user programs. */
  static final int TSS_LIMIT = 0x68 + 0x700 / 8;

  static final int IDT64 = 0x18000;
  static final int IDT32 = 0x1a000;

  /** 32-bit paging: a directory of 4 MiB pages. */
  static final int DIRECTORY32 = 0x1c000;

  /** Words that {@code state.S} works on. */
  static final long TABLE = 0x20000;

  static final int USER_STACK = 0x30000;
  static final int STACK = 0x38000;
  static final int KERNEL_STACK = 0x3a000;
  static final int INTERRUPT_STACK = 0x3c000;

  static final int KERNEL_CODE = 0x08;
  static final int DATA = 0x10;
  static final int USER_CODE = 0x1b;
  static final int USER_DATA = 0x23;
  static final int KERNEL_CODE32 = 0x28;
  static final int TASK = 0x30;
  static final int ABSENT_DATA = 0x40;
  static final int BEYOND = 0x1000;

  static final int LATCH = 0x600;
  static final int IMMEDIATE = 0xe0;
  static final int SIGNAL_PORT = 0x680;
  static final int SERVICE_PORT = 0x681;
  static final int COMMAND_PORT = 0x690;
  static final int DONE_PORT = 0x6f0;
  static final long WINDOW = 0xd000_0000L;
  static final long APIC = 0xfee0_0000L;
  static final long EDGE = 0x40_0000;

  static final int VECTORS = 128;

  /** Entries that a guest's log has room for. */
  static final int LOG_CAPACITY = 48;

  private static final long FLAT = 0xffff_ffffL;

  private GuestLayout() {}

  /** Fills a guest's tables. */
  static void prepare(GuestMemory memory, GuestImage image) {
    image.load(memory);
    pageTables(memory);
    descriptors(memory);
    if (image.has("stubs64")) {
      for (int vector = 0; vector < VECTORS; vector++) {
        gate64(memory, vector, image.address("stubs64") + 16L * vector, 0xee, 0);
      }
    }
    if (image.has("stubs32")) {
      for (int vector = 0; vector < VECTORS; vector++) {
        long handler = image.address("stubs32") + 16L * vector;
        putLong(
            memory,
            IDT32 + 8L * vector,
            handler & 0xffff | KERNEL_CODE32 << 16 | 0x8eL << 40 | handler >>> 16 << 48);
      }
    }
    if (image.has("stubs16")) {
      for (int vector = 0; vector < VECTORS; vector++) {
        putInt(memory, 4L * vector, (int) image.address("stubs16") + 8 * vector);
      }
    }
  }

  private static void pageTables(GuestMemory memory) {
    int table = 7;
    putLong(memory, PML4, PDPT | table);
    for (int g = 0; g < 4; g++) {
      putLong(memory, PDPT + 8L * g, DIRECTORIES + 0x1000 * g | table);
      for (int m = 0; m < 512; m++) {
        putLong(memory, DIRECTORIES + 0x1000L * g + 8 * m, ((long) g << 30 | m << 21) | 0xe7);
      }
    }
    putLong(memory, DIRECTORIES, FIRST_TABLE | 0x27);
    for (int page = 0; page < 512; page++) {
      putLong(memory, FIRST_TABLE + 8L * page, (long) page << 12 | 0x67);
    }
    for (int m = 0; m < 1024; m++) {
      putInt(memory, DIRECTORY32 + 4L * m, m << 22 | 0xe7);
    }
    // No memory between: what lies beyond RAM belongs to the bus, but 8 MiB is not present.
    putInt(memory, DIRECTORY32 + 4L * 2, 0);
  }

  private static void descriptors(GuestMemory memory) {
    putLong(memory, GDT + KERNEL_CODE, descriptor(0, FLAT, 0xa09b));
    putLong(memory, GDT + DATA, descriptor(0, FLAT, 0xc093));
    putLong(memory, GDT + (USER_CODE & ~3), descriptor(0, FLAT, 0xa0fb));
    putLong(memory, GDT + (USER_DATA & ~3), descriptor(0, FLAT, 0xc0f3));
    putLong(memory, GDT + KERNEL_CODE32, descriptor(0, FLAT, 0xc09b));
    putLong(memory, GDT + TASK, descriptor(TSS, TSS_LIMIT, 0x8b));
    putLong(memory, GDT + TASK + 8, 0);
    putLong(memory, GDT + ABSENT_DATA, descriptor(0, FLAT, 0xc013));
    putLong(memory, TSS + 4, KERNEL_STACK);
    putLong(memory, TSS + 0x24, INTERRUPT_STACK);
    putInt(memory, TSS + 0x64, 0x68 << 16);
    memory.write(TSS + TSS_LIMIT, new byte[] {-1}, 0, 1);
  }

  /** A descriptor; {@code attributes} as in the state layout. */
  private static long descriptor(long base, long limit, int attributes) {
    long field = (attributes & 0x8000) != 0 ? limit >>> 12 : limit;
    return field & 0xffff
        | (base & 0xff_ffff) << 16
        | (long) (attributes & 0xf0ff) << 40
        | (field >>> 16 & 0xf) << 48
        | (base >>> 24 & 0xff) << 56;
  }

  /**
   * An entry of the 64-bit interrupt table.
   *
   * @param access 0xee for a gate that user programs may call, 0x8e for one that they may not
   * @param stack number of the interrupt stack, 0 for none
   */
  static void gate64(GuestMemory memory, int vector, long handler, int access, int stack) {
    putLong(
        memory,
        IDT64 + 16L * vector,
        handler & 0xffff
            | KERNEL_CODE << 16
            | (long) stack << 32
            | (long) access << 40
            | (handler >>> 16 & 0xffff) << 48);
    putLong(memory, IDT64 + 16L * vector + 8, handler >>> 32);
  }

  static void putInt(GuestMemory memory, long address, int value) {
    byte[] bytes = {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    memory.write(address, bytes, 0, 4);
  }

  static void putLong(GuestMemory memory, long address, long value) {
    putInt(memory, address, (int) value);
    putInt(memory, address + 4, (int) (value >>> 32));
  }
}
