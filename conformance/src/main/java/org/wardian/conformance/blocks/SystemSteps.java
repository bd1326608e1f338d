package org.wardian.conformance.blocks;

import java.util.List;
import org.wardian.conformance.oracle.EdgeValues;

/**
 * System instructions for blocks, each with what it needs to do something that can be compared:
 * changes of privilege, of the mapping, of the interrupt flag, of debug registers.
 */
final class SystemSteps {
  private static final int CR0 = 0;
  private static final int CR3 = 3;
  private static final int CR4 = 4;
  private static final int TASK_SWITCHED = 3;
  private static final int GLOBAL_PAGES = 7;
  private static final int GS_BASE = 0xc000_0101;
  private static final int KERNEL_GS_BASE = 0xc000_0102;

  /** Bits of a page-table entry that blocks change: P, W, U, G, NX. */
  private static final int[] ENTRY_BITS = {0, 1, 2, 2, 8, 63};

  /** Pages whose entries change; not those that the code runs in while it changes them. */
  private static final int[] PAGES = {
    BlockLayout.DATA,
    BlockLayout.DATA,
    BlockLayout.DATA + BlockLayout.PAGE,
    BlockLayout.READ_ONLY,
    BlockLayout.STACK,
    BlockLayout.DATA_AGAIN,
    BlockLayout.CODE_AGAIN
  };

  private final OperandPlacer placer;
  private EdgeValues random;
  private List<BlockItem> items;
  private boolean kernel;
  private long dataOrigin;

  SystemSteps(OperandPlacer placer) {
    this.placer = placer;
  }

  void start(EdgeValues numbers, boolean privileged, long data) {
    random = numbers;
    kernel = privileged;
    dataOrigin = data;
  }

  /** Adds one to a block that is in the making. */
  void add(List<BlockItem> block) {
    items = block;
    if (!kernel && random.oneIn(2)) {
      unprivileged();
      return;
    }
    switch (random.below(16)) {
      case 0, 1 -> code(random.oneOf(0xfa, 0xfb));
      case 2 -> code(0x0f, 0x01, 0xf8);
      case 3 -> call();
      case 4 -> readControl(random.oneOf(CR0, 2, CR3, CR4));
      case 5 -> flip(CR0, TASK_SWITCHED);
      case 6 -> code(0x0f, 0x06);
      case 7 -> reloadMapping();
      case 8 -> invalidate(register(), dataOrigin + PAGES[random.below(PAGES.length)]);
      case 9, 10 -> changeEntry();
      case 11 -> modelSpecific();
      case 12 -> breakpoint();
      default -> unprivileged();
    }
  }

  private void unprivileged() {
    switch (random.below(6)) {
      case 0, 1 -> call();
      case 2 -> {
        // MOV r, SS; MOV SS, r
        int r = register() & 7;
        code(0x8c, 0xd0 | r);
        glued(0x8e, 0xd0 | r);
      }
      case 3 -> step();
      case 4 -> code(0x0f, 0x31);
      default -> {
        code(0x9c);
        glued(0x9d);
      }
    }
  }

  private int register() {
    for (int tries = 0; tries < 32; tries++) {
      int r = random.below(16);
      if (placer.isFree(r)) {
        return r;
      }
    }
    return 0;
  }

  private void code(int... bytes) {
    items.add(item(bytes));
  }

  private void glued(int... bytes) {
    items.add(item(bytes).glued());
  }

  private static BlockItem item(int... values) {
    byte[] out = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      out[i] = (byte) values[i];
    }
    return BlockItem.plain(out);
  }

  private void move(int register, long value) {
    int[] out = new int[10];
    out[0] = 0x48 | register >> 3;
    out[1] = 0xb8 | register & 7;
    for (int k = 0; k < 8; k++) {
      out[2 + k] = (int) (value >>> 8 * k);
    }
    code(out);
  }

  /** SYSCALL; the system's code returns at once. */
  private void call() {
    if (placer.isFree(1) && placer.isFree(11) || random.oneIn(12)) {
      code(0x0f, 0x05);
    }
  }

  private void readControl(int number) {
    int r = register();
    code(0x40 | r >> 3, 0x0f, 0x20, 0xc0 | number << 3 | r & 7);
  }

  private void writeControl(int register, int number) {
    glued(0x40 | register >> 3, 0x0f, 0x22, 0xc0 | number << 3 | register & 7);
  }

  /** Changes a bit of a control register. */
  private void flip(int number, int bit) {
    int r = register();
    code(0x40 | r >> 3, 0x0f, 0x20, 0xc0 | number << 3 | r & 7);
    glued(0x48 | r >> 3, 0x0f, 0xba, 0xf8 | r & 7, bit);
    writeControl(r, number);
  }

  private void reloadMapping() {
    int r = register();
    code(0x40 | r >> 3, 0x0f, 0x20, 0xc0 | CR3 << 3 | r & 7);
    writeControl(r, CR3);
  }

  private void invalidate(int register, long address) {
    int r = (register & 7) == 4 || (register & 7) == 5 ? 0 : register;
    move(r, address);
    glued(0x40 | r >> 3, 0x0f, 0x01, 0x38 | r & 7);
  }

  /** Changes a page-table entry, and drops what is known of it at all of its addresses. */
  private void changeEntry() {
    int r = random.oneOf(0, 1, 2, 3, 6, 7);
    int page = PAGES[random.below(PAGES.length)];
    move(r, BlockLayout.KERNEL + BlockLayout.PAGE_TABLE + page / BlockLayout.PAGE * 8L);
    if (random.oneIn(4)) {
      long other = BlockLayout.physical(PAGES[random.below(PAGES.length)]) | 0x27;
      int low = (int) other;
      glued(0x48, 0xc7, r, low, low >> 8, low >> 16, low >> 24);
    } else {
      glued(0x48, 0x0f, 0xba, 0x38 | r, ENTRY_BITS[random.below(ENTRY_BITS.length)]);
    }
    if (random.oneIn(2)) {
      int at = items.size();
      flip(CR4, GLOBAL_PAGES);
      flip(CR4, GLOBAL_PAGES);
      for (int n = at; n < items.size(); n++) {
        items.set(n, items.get(n).glued());
      }
      return;
    }
    for (long origin : BlockLayout.ORIGINS) {
      int at = items.size();
      invalidate(r, origin + page);
      items.set(at, items.get(at).glued());
    }
  }

  /** RDMSR and WRMSR of what SWAPGS exchanges. */
  private void modelSpecific() {
    if (!placer.isFree(0) || !placer.isFree(1) || !placer.isFree(2)) {
      return;
    }
    int msr = random.oneOf(GS_BASE, KERNEL_GS_BASE);
    code(0xb9, msr, msr >> 8, msr >> 16, msr >> 24);
    glued(0x0f, 0x32);
    if (random.oneIn(2)) {
      glued(0x0f, 0x30);
    }
  }

  /** Sets a breakpoint on data or, behind itself, on code; or none. */
  private void breakpoint() {
    int r = register();
    int kind = random.oneOf(0, 1, 3);
    move(r, placer.data(8));
    glued(0x40 | r >> 3, 0x0f, 0x23, 0xc0 | r & 7);
    move(r, random.oneIn(4) ? 0x400 : 0x402 | kind << 16 | random.below(4) << 18);
    items.set(items.size() - 1, items.getLast().glued());
    glued(0x40 | r >> 3, 0x0f, 0x23, 0xf8 | r & 7);
  }

  /** POPF with the trap flag. */
  private void step() {
    int flags = (int) random.bits() & 0xcd5 | 0x100;
    code(0x68, flags, flags >> 8, 0, 0);
    glued(0x9d);
  }

  /**
   * IRETQ to another item.
   *
   * @param lea loads the target's address into {@code register}
   */
  void interruptReturn(List<BlockItem> block, BlockItem lea, int register) {
    items = block;
    boolean toKernel = kernel && random.oneIn(2);
    int flags = (int) random.bits() & 0xcd5 | (kernel ? (int) random.bits() & 0x200 : 0);
    code(0x6a, toKernel ? BlockLayout.KERNEL_DATA : BlockLayout.USER_DATA);
    glued(0x54);
    glued(0x68, flags, flags >> 8, 0, 0);
    glued(0x6a, toKernel ? BlockLayout.KERNEL_CODE : BlockLayout.USER_CODE);
    block.add(lea.glued());
    glued(0x40 | register >> 3, 0x50 | register & 7);
    glued(0x48, 0xcf);
  }
}
