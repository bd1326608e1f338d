package org.wardian.processor.software;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.translator.StateRules;
import org.wardian.x86.StateLayout;

/**
 * Executes translated code, as it is or with bytes changed, as a guest of the interpreter: in an
 * address space that has nothing but the code, a state block with its tables, a page that may be
 * stored to, one that may only be loaded from, a stack, and HLT wherever code may go. What would
 * fault or spoil something in the host's process ends the guest or is found by comparison. Knows
 * nothing of the verifier's reasoning.
 */
final class HostileEmulator implements AutoCloseable {
  /** Guest addresses of the page that may be stored to, and of the other one. */
  static final long WRITABLE = 0x7000_1000;

  static final long READABLE = 0x7000_5000;

  private static final long STATE = 0x2000_0000;
  private static final long WRITABLE_PAGE = 0x3000_0000;
  private static final long READABLE_PAGE = 0x3100_0000;
  private static final long STACK = 0x3200_0000;
  private static final long TARGETS = 0x3300_0000;
  private static final long STACK_TOP = STACK + 0x800;
  private static final long PHYSICAL_CODE = 0x10_0000;
  private static final long PHYSICAL_HALTS = 0x14_0000;
  private static final long PHYSICAL_DATA = 0x18_0000;
  private static final long PHYSICAL_STATE = 0x40_0000;
  private static final long RAM = 0x80_0000;
  private static final int CODE_PAGES = 17;
  private static final int PAGE = 4096;
  private static final int TARGET_COUNT = 16;
  private static final long PRESENT = 0x61;
  private static final long WRITE = 2;
  private static final long NO_EXECUTE = 1L << 63;
  private static final byte HLT = (byte) 0xf4;
  private static final int R14 = 14;
  private static final int R15 = 15;
  private static final int RSP = 4;
  private static final int RBP = 5;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final SoftwareGuest machine = new SoftwareGuest(RAM);
  private final GuestMemory memory = machine.memory;
  private final SoftwareVcpu vcpu = machine.add(false);
  private final RandomGenerator random;
  private final StateRules rules;
  private final HostCode shared;
  private final Exits exits;
  private final int size = (int) Mmu.blockSize();
  private final byte[] empty = new byte[size];
  private final byte[] before = new byte[size];
  private final byte[] after = new byte[size];
  private final byte[] readable = new byte[PAGE];
  private final byte[] stack = new byte[PAGE];
  private final byte[] page = new byte[PAGE];
  private final byte[] halts = new byte[PAGE];
  private long nextTable = 0x2000;

  HostileEmulator(RandomGenerator random, StateRules rules, HostCode shared, Exits exits) {
    this.random = random;
    this.rules = rules;
    this.shared = shared;
    this.exits = exits;
    Arrays.fill(halts, HLT);
    memory.write(PHYSICAL_HALTS, halts, 0, PAGE);
    machine.put(0x1000, 0);
    RawMemory.fill(memory.hostAddress(0x1000), 0x20_000, (byte) 0);
    long routines = shared.leave() & -PAGE;
    for (long at = routines - PAGE; at < shared.next(); at += PAGE) {
      map(at, PHYSICAL_HALTS, 0);
    }
    map(TARGETS, PHYSICAL_HALTS, 0);
    for (int i = 0; i < size; i += PAGE) {
      map(STATE + i, PHYSICAL_STATE + i, WRITE | NO_EXECUTE);
    }
    map(WRITABLE_PAGE, PHYSICAL_DATA, WRITE | NO_EXECUTE);
    map(READABLE_PAGE, PHYSICAL_DATA + PAGE, NO_EXECUTE);
    map(STACK, PHYSICAL_DATA + 2 * PAGE, WRITE | NO_EXECUTE);
    for (int i = 0; i < CODE_PAGES; i++) {
      map((shared.next() & -PAGE) + (long) i * PAGE, PHYSICAL_CODE + (long) i * PAGE, 0);
    }
    Arrays.fill(empty, StateLayout.ARCHITECTURAL_SIZE, HostState.jumpTable(), (byte) 0xff);
    for (int slot = 0; slot < HostState.JUMPS; slot++) {
      for (int table : new int[] {HostState.jumpTable(), HostState.secondJumpTable()}) {
        LONG.set(empty, table + 16 * slot, (long) slot);
        LONG.set(empty, table + 16 * slot + 8, -1L);
      }
    }
  }

  private void map(long linear, long physical, long bits) {
    long table = 0x1000;
    for (int shift = 39; shift > 12; shift -= 9) {
      long entry = table + (linear >>> shift & 511) * 8;
      if (machine.get(entry) == 0) {
        machine.put(entry, nextTable | PRESENT | WRITE);
        nextTable += PAGE;
      }
      table = machine.get(entry) & 0xffff_f000L;
    }
    machine.put(table + (linear >>> 12 & 511) * 8, physical | PRESENT | bits);
  }

  private void set(int at, long value) {
    LONG.set(before, at, value);
  }

  private long target(int n) {
    return 0x40_0000 + n * 0x1_0011L;
  }

  private void fill(int mode) {
    System.arraycopy(empty, 0, before, 0, size);
    for (int at = 0; at < StateLayout.ARCHITECTURAL_SIZE; at += 8) {
      set(at, random.nextLong());
    }
    for (int r = 0; r < 16; r++) {
      set(StateLayout.GPR + 8 * r, interesting());
    }
    for (int segment = 0; segment < 9; segment++) {
      set(StateLayout.segment(segment) + StateLayout.BASE, random.nextInt(32));
    }
    set(StateLayout.PENDING & ~7, 0);
    set(HostState.RECIPE, random.nextInt(4) == 0 ? random.nextInt(FlagRecipe.END) : 1);
    INT.set(before, HostState.X87_LIVE, random.nextInt(4) == 0 ? 0 : 1);
    long key = 4 | mode | (long) random.nextInt(2048) << 5;
    set(HostState.JUMP_KEY, key);
    int table = StateLayout.ARCHITECTURAL_SIZE + (int) (mode * Mmu.TABLE_SIZE);
    entry(table, WRITABLE, WRITABLE, WRITABLE_PAGE - WRITABLE);
    entry(table, READABLE, READABLE | Mmu.WATCHED, READABLE_PAGE - READABLE);
    for (int n = 0; n < 64; n++) {
      long stale = interesting() & -PAGE;
      if (stale != WRITABLE && stale != READABLE) {
        long invalid = stale | 1L << random.nextInt(12);
        entry(table, stale, invalid, random.nextLong() & -PAGE);
        set(table + (int) (stale >>> 7 & Mmu.INDEX_MASK), invalid);
      }
    }
    entry(table, WRITABLE, WRITABLE, WRITABLE_PAGE - WRITABLE);
    for (int n = 0; n < TARGET_COUNT; n++) {
      int jumps = random.nextInt(4) == 0 ? HostState.secondJumpTable() : HostState.jumpTable();
      int at = jumps + ((int) target(n) & HostState.JUMPS - 1) * 16;
      set(at, target(n) ^ key);
      set(at + 8, TARGETS + 16L * n);
    }
    int controls = HostState.x87Image() + X87State.CONTROLS;
    for (int modes = 0; modes <= X87State.MODES; modes++) {
      before[controls + 2 * modes] = 0x7f;
      before[controls + 2 * modes + 1] = (byte) modes;
    }
  }

  private void entry(int table, long address, long writeTag, long addend) {
    int at = table + (int) (address >>> 7 & Mmu.INDEX_MASK);
    set(at, address & -PAGE);
    set(at + 8, writeTag);
    set(at + 16, addend);
  }

  private long interesting() {
    int small = random.nextInt(-40, 4200);
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> WRITABLE + small;
      case 4 -> READABLE + small;
      case 5 -> STATE + random.nextInt(size);
      case 6 -> WRITABLE_PAGE + small;
      case 7 -> random.nextInt(20);
      case 8 -> STACK_TOP + random.nextInt(64) - 32;
      case 9 -> target(random.nextInt(TARGET_COUNT));
      case 10 -> shared.next() + random.nextInt(256);
      default -> random.nextLong();
    };
  }

  /**
   * What harm code does with random registers, or null.
   *
   * @param at the address that it was made for
   * @param mode index of the TLB's table
   * @param first number of its first exit
   */
  String run(byte[] code, int length, long at, int mode, int first) {
    fill(mode);
    random.nextBytes(readable);
    random.nextBytes(stack);
    for (int i = 0; i < PAGE; i += 8) {
      LONG.set(page, i, interesting());
    }
    memory.write(PHYSICAL_DATA, page, 0, PAGE);
    memory.write(PHYSICAL_DATA + PAGE, readable, 0, PAGE);
    memory.write(PHYSICAL_DATA + 2 * PAGE, stack, 0, PAGE);
    memory.write(PHYSICAL_CODE + (at & PAGE - 1), code, 0, length);
    RawMemory.copy(before, 0, memory.hostAddress(PHYSICAL_STATE), size);
    long s = prepare(at);
    Exit exit = vcpu.run();
    return exit == Exit.HALTED ? harm(s, at, mode, first) : "ended by " + exit;
  }

  private long prepare(long at) {
    machine.start(vcpu, at);
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.CR0, 0x8001_0033L);
    RawMemory.putLong(s + StateLayout.CR3, 0x1000);
    RawMemory.putLong(s + StateLayout.EFER, 0xd00);
    RawMemory.putShort(s + StateLayout.FCW, (short) 0x37f);
    RawMemory.putInt(s + StateLayout.MXCSR, 0x1f80);
    for (int r = 0; r < 16; r++) {
      RawMemory.putLong(s + StateLayout.GPR + 8L * r, interesting());
    }
    RawMemory.putLong(s + StateLayout.GPR + 8 * RSP, STACK_TOP);
    RawMemory.putLong(s + StateLayout.GPR + 8 * RBP, STATE);
    vcpu.stateChanged();
    return s;
  }

  private String harm(long s, long at, int mode, int first) {
    if (vcpu.gpr(RBP) != STATE || vcpu.gpr(RSP) != STACK_TOP) {
      return "rbp or rsp changed";
    }
    if ((RawMemory.getLong(s + StateLayout.EFLAGS) & 0x4_0500) != 0) {
      return "AC, DF or TF set";
    }
    if ((RawMemory.getShort(s + StateLayout.FCW) & 0x3f) != 0x3f
        || (RawMemory.getInt(s + StateLayout.MXCSR) & 0x1f80) != 0x1f80) {
      return "an exception unmasked";
    }
    boolean used = RawMemory.getByte(s + StateLayout.FTW) != 0;
    if (used && (int) INT.get(before, HostState.X87_LIVE) == 0) {
      return "x87 registers used that are not live";
    }
    RawMemory.copy(memory.hostAddress(PHYSICAL_STATE), after, 0, size);
    String change = change();
    if (change != null) {
      return change;
    }
    RawMemory.copy(memory.hostAddress(PHYSICAL_DATA + PAGE), page, 0, PAGE);
    if (!Arrays.equals(readable, page)) {
      return "store to a page that may only be loaded from";
    }
    RawMemory.copy(memory.hostAddress(PHYSICAL_DATA + 2 * PAGE), page, 0, PAGE);
    if (!Arrays.equals(stack, page)) {
      return "stack changed";
    }
    return destination(RawMemory.getLong(s + StateLayout.RIP) - 1, at, mode, first);
  }

  private String change() {
    for (int i = Arrays.mismatch(before, after); i >= 0; ) {
      if (!rules.mayChange(i, i + 1)) {
        return "state block changed at " + Integer.toHexString(i);
      }
      int next = Arrays.mismatch(before, i + 1, size, after, i + 1, size);
      i = next < 0 ? -1 : i + 1 + next;
    }
    int recipe = (int) INT.get(after, HostState.RECIPE);
    if (recipe < 0 || recipe >= FlagRecipe.END) {
      return "recipe " + recipe;
    }
    long held = (long) LONG.get(after, HostState.HELD_TARGET);
    boolean target = held >= TARGETS && held < TARGETS + 16 * TARGET_COUNT && (held & 15) == 0;
    boolean same = held == (long) LONG.get(before, HostState.HELD_TARGET);
    return target || same ? null : "target " + Long.toHexString(held);
  }

  /** Whether the code went to a place where it may go, with what is wanted there. */
  private String destination(long rip, long at, int mode, int first) {
    if (rip >= TARGETS && rip < TARGETS + 16 * TARGET_COUNT) {
      return (rip & 15) == 0 ? null : "jump into the middle of a block";
    }
    int exit = (int) INT.get(after, HostState.EXIT);
    if (exit < first || exit >= exits.next()) {
      return "left by exit " + exit + " of others";
    }
    SystemRoutines routines = shared.routines();
    long[] starts = routines.starts();
    for (int n = routines.leaving(); n < starts.length; n++) {
      if (rip == starts[n]) {
        long table = StateLayout.ARCHITECTURAL_SIZE + mode * Mmu.TABLE_SIZE;
        boolean right = vcpu.gpr(R14) == exits.again(exit) && vcpu.gpr(R15) == table;
        return right ? null : "a routine called with a wrong way back";
      }
    }
    if (rip == shared.park()) {
      return vcpu.gpr(R14) == exits.again(exit) ? null : "parking with a wrong way back";
    }
    boolean known = rip == shared.leave();
    for (int n = 0; n < routines.leaving(); n++) {
      known |= rip == starts[n];
    }
    return known ? null : "jump to " + Long.toHexString(rip - at);
  }

  @Override
  public void close() {
    machine.close();
  }
}
