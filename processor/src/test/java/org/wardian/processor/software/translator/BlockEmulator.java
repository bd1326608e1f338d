package org.wardian.processor.software.translator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.wardian.bus.IoBus;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.AbsentApic;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.processor.software.StoppedClock;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/**
 * Executes emitted code as a guest of the interpreter, in an address space that has nothing but the
 * code, a state block, one page that guest memory may be stored to, one that it may only be loaded
 * from, and a stack. An access elsewhere, a division error or a misaligned access is a triple
 * fault; a store to the wrong bytes of a mapped page is found by comparison. Knows nothing of the
 * verifier's reasoning.
 */
final class BlockEmulator implements AutoCloseable {
  static final long CODE = 0x10000;
  static final long EXIT = CODE + 0xf00;
  private static final long STATE = 0x20000;
  private static final int STATE_SIZE = 0x2000;
  private static final long WRITABLE_PAGE = 0x40000;
  private static final long READABLE_PAGE = 0x50000;
  private static final long STACK = 0x60000;
  private static final long STACK_TOP = STACK + 0x800;

  /** Guest addresses of the two pages. */
  static final long WRITABLE_ADDRESS = 0x7000_1000;

  private static final long READABLE_ADDRESS = 0x7000_5000;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int PRESENT = 0x61;
  private static final int WRITE = 2;

  private final GuestMemory memory = GuestMemory.withRam(1 << 20);
  private final SoftwareVcpu vcpu;
  private final RandomGenerator random;
  private final byte[] before = new byte[STATE_SIZE];
  private final byte[] after = new byte[STATE_SIZE];
  private final byte[] readable = new byte[4096];
  private final byte[] stack = new byte[4096];

  BlockEmulator(RandomGenerator random) {
    this.random = random;
    CpuModel model = CpuModel.standard();
    vcpu =
        SoftwareVcpu.create(
            new SoftwareVcpu.Wiring(
                model,
                new Cpuid(model, 0, 1, 1_000_000_000L, 1_000_000_000L),
                memory,
                IoBus.ports(),
                IoBus.mmio(),
                new AbsentApic(),
                new StoppedClock(1_000_000_000L)));
    put(0x1000, 0x2000 | PRESENT | WRITE);
    put(0x2000, 0x3000 | PRESENT | WRITE);
    put(0x3000, 0x4000 | PRESENT | WRITE);
    map(CODE, 0);
    for (int i = 0; i < STATE_SIZE; i += 4096) {
      map(STATE + i, WRITE);
    }
    map(WRITABLE_PAGE, WRITE);
    map(READABLE_PAGE, 0);
    map(STACK, WRITE);
  }

  private void map(long address, int write) {
    put(0x4000 + (address >> 9), address | PRESENT | write);
  }

  private void put(long address, long value) {
    RawMemory.putLong(memory.hostAddress(address), value);
  }

  private void fillState() {
    random.nextBytes(before);
    for (int i = 0; i < GoodBlocks.TLB_ENTRIES; i++) {
      int entry = GoodBlocks.TLB + i * GoodBlocks.ENTRY;
      entry(entry, never(i), never(i), random.nextLong() & -4096);
    }
    int writable = (int) (WRITABLE_ADDRESS >> 12) & GoodBlocks.TLB_ENTRIES - 1;
    long addend = WRITABLE_PAGE - WRITABLE_ADDRESS;
    entry(tlb(writable), WRITABLE_ADDRESS, WRITABLE_ADDRESS, addend);
    entry(GoodBlocks.SLOT, WRITABLE_ADDRESS, WRITABLE_ADDRESS, addend);
    int index = (int) (READABLE_ADDRESS >> 12) & GoodBlocks.TLB_ENTRIES - 1;
    long watched = READABLE_ADDRESS | 2;
    entry(tlb(index), READABLE_ADDRESS, watched, READABLE_PAGE - READABLE_ADDRESS);
    for (int i = GoodBlocks.POINTERS; i < GoodBlocks.POINTERS_END; i += 8) {
      set(i, EXIT);
    }
    set(StateLayout.MXCSR & ~7, 0x1f80L << 32);
    long key = 4 | random.nextInt(8);
    set(GoodBlocks.KEY, key);
    set(GoodBlocks.LIVE, random.nextLong() & -1L << 32 | random.nextInt(2));
    for (int slot = 0; slot < GoodBlocks.JUMP_ENTRIES; slot++) {
      boolean empty = random.nextInt(4) == 0;
      long target = WRITABLE_ADDRESS | slot;
      set(GoodBlocks.JUMPS + 16 * slot, empty ? slot : target ^ key);
      set(GoodBlocks.JUMPS + 16 * slot + 8, empty ? -1 : EXIT);
    }
  }

  /** A tag that no page matches: one of the low bits is set. */
  private long never(int index) {
    return random.nextBoolean() ? -1 : (long) index << 12 | 1L << random.nextInt(12);
  }

  private static int tlb(int index) {
    return GoodBlocks.TLB + index * GoodBlocks.ENTRY;
  }

  private void entry(int at, long readTag, long writeTag, long addend) {
    set(at + GoodBlocks.READ_TAG, readTag);
    set(at + GoodBlocks.WRITE_TAG, writeTag);
    set(at + GoodBlocks.ADDEND, addend);
  }

  private void set(int at, long value) {
    for (int i = 0; i < 8; i++) {
      before[at + i] = (byte) (value >> 8 * i);
    }
  }

  private long interesting() {
    int small = random.nextInt(-40, 4200);
    return switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> WRITABLE_ADDRESS + small;
      case 4 -> READABLE_ADDRESS + small;
      case 5 -> STATE + random.nextInt(STATE_SIZE);
      case 6 -> WRITABLE_PAGE + small;
      case 7 -> random.nextInt(20);
      case 8 -> STACK_TOP + random.nextInt(64) - 32;
      default -> random.nextLong();
    };
  }

  /** What harm the code does with random registers, or null. */
  String run(byte[] code, int pushes) {
    fillState();
    random.nextBytes(readable);
    random.nextBytes(stack);
    byte[] page = new byte[4096];
    System.arraycopy(code, 0, page, 0, code.length);
    page[(int) (EXIT - CODE)] = (byte) 0xf4;
    memory.write(CODE, page, 0, page.length);
    memory.write(STATE, before, 0, before.length);
    memory.write(READABLE_PAGE, readable, 0, readable.length);
    memory.write(STACK, stack, 0, stack.length);
    long s = prepare();
    Exit exit = vcpu.run();
    if (exit != Exit.HALTED) {
      return "ended by " + exit;
    }
    return harm(s, pushes);
  }

  private long prepare() {
    vcpu.reset();
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.CR0, 0x80010033L);
    RawMemory.putLong(s + StateLayout.CR3, 0x1000);
    RawMemory.putLong(s + StateLayout.CR4, 0x620);
    RawMemory.putLong(s + StateLayout.EFER, 0x500);
    RawMemory.putInt(s + StateLayout.IDTR_LIMIT, 0);
    RawMemory.putShort(s + StateLayout.FCW, (short) 0x37f);
    RawMemory.putInt(s + StateLayout.MXCSR, 0x1f80);
    segment(s, StateLayout.CS, 0xa09b);
    segment(s, StateLayout.SS, 0xc093);
    for (int i = 0; i < 16; i++) {
      RawMemory.putLong(s + StateLayout.GPR + 8L * i, interesting());
    }
    RawMemory.putLong(s + StateLayout.GPR + 8 * HostRegister.RSP, STACK_TOP);
    RawMemory.putLong(s + StateLayout.GPR + 8 * HostRegister.RBP, STATE);
    RawMemory.putLong(s + StateLayout.RIP, CODE);
    vcpu.stateChanged();
    return s;
  }

  private static void segment(long s, int segment, int attributes) {
    long at = s + StateLayout.segment(segment);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, -1);
    RawMemory.putLong(at + StateLayout.BASE, 0);
  }

  private String harm(long s, int pushes) {
    if (vcpu.gpr(HostRegister.RBP) != STATE || vcpu.gpr(HostRegister.RSP) != STACK_TOP) {
      return "rbp or rsp changed";
    }
    if ((RawMemory.getLong(s + StateLayout.EFLAGS) & 0x4_0500) != 0) {
      return "AC, DF or TF set";
    }
    RawMemory.copy(memory.hostAddress(STATE), after, 0, STATE_SIZE);
    if (Integer.compareUnsigned(word(GoodBlocks.CONSTANT), GoodBlocks.CONSTANT_END) >= 0
        && word(GoodBlocks.CONSTANT) != (int) INT.get(before, GoodBlocks.CONSTANT)) {
      return "another number where only some are allowed";
    }
    boolean used = RawMemory.getByte(s + StateLayout.FTW) != 0;
    if (used && (int) INT.get(before, GoodBlocks.LIVE) == 0) {
      return "x87 registers used that are not live";
    }
    forgive(GoodBlocks.WRITABLE);
    forgive(GoodBlocks.CHANGED);
    if (!Arrays.equals(before, after)) {
      return "state block changed at " + Integer.toHexString(Arrays.mismatch(before, after));
    }
    byte[] now = new byte[4096];
    RawMemory.copy(memory.hostAddress(READABLE_PAGE), now, 0, 4096);
    if (!Arrays.equals(readable, now)) {
      return "store to a page that may only be loaded from";
    }
    RawMemory.copy(memory.hostAddress(STACK), now, 0, 4096);
    int top = (int) (STACK_TOP - STACK);
    System.arraycopy(stack, top - 8 * pushes, now, top - 8 * pushes, 8 * pushes);
    return Arrays.equals(stack, now) ? null : "stack changed";
  }

  private int word(int offset) {
    return (int) INT.get(after, offset);
  }

  private void forgive(int[] ranges) {
    for (int i = 0; i < ranges.length; i += 2) {
      int from = ranges[i];
      System.arraycopy(before, from, after, from, ranges[i + 1] - from);
    }
  }

  @Override
  public void close() {
    vcpu.close();
    memory.close();
  }

  /** A processor without local APIC. */
}
