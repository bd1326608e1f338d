package org.wardian.conformance.blocks;

import java.util.Arrays;
import org.wardian.bus.IoBus;
import org.wardian.conformance.oracle.AbsentApic;
import org.wardian.conformance.oracle.StoppedClock;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.processor.software.VcpuGroup;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/** A processor that executes blocks; it keeps what it knows of code and mappings between them. */
final class BlockEngine implements AutoCloseable {
  private static final long CR0 = 0x8005_0033L;

  /** PAE, MCE, PGE, OSFXSR, OSXMMEXCPT, FSGSBASE, OSXSAVE. */
  private static final long CR4 = 0x5_06e0L;

  /** SCE, LME, LMA, NXE. */
  private static final long EFER = 0xd01;

  /** As after reset. */
  private static final long DR6 = 0xffff_0ff0L;

  private static final long DR7 = 0x400;

  /** SYSCALL loads the kernel's segments, SYSRET the user's. */
  private static final long STAR = 0x0023_0010_0000_0000L;

  private static final long[] FMASKS = {0x4_7700, 0, 0x4_7fd5, 0x700};

  private static final long TSC_HZ = 1_000_000_000L;
  private static final long APIC_HZ = 100_000_000L;

  private static final int[] DATA_PAGES = {
    BlockLayout.DATA,
    BlockLayout.DATA + BlockLayout.PAGE,
    BlockLayout.READ_ONLY,
    BlockLayout.SYSTEM,
    BlockLayout.COUNTERS,
    BlockLayout.STACK
  };

  /** Parts of the state block that blocks change or show: offset, length. */
  private static final int[][] SHOWN = {
    {StateLayout.GPR, 0x80},
    {StateLayout.RIP, 8},
    {StateLayout.SEGMENTS, 0x120},
    {StateLayout.CR0, 0x20},
    {StateLayout.DR, 0x30},
    {StateLayout.KERNEL_GS_BASE, 8},
    {StateLayout.FCS, 8},
    {StateLayout.ST, 0x80},
    {StateLayout.VECTOR, 0x200},
  };

  final GuestMemory memory;
  final SoftwareVcpu vcpu;
  private final long state;
  private final byte[] page = new byte[BlockLayout.PAGE];

  /** The paging structures as they should be: a block may write an entry beyond the window's. */
  private final long[] paging = new long[BlockLayout.PAGING_LENGTH / 8];

  /** Whether a block that is stopped goes on. */
  boolean resumes;

  /** How often that happened. */
  long stopped;

  /** When the running block began, in nanoseconds, or 0. */
  volatile long began;

  BlockEngine(CpuModel model, boolean translated) {
    memory = BlockLayout.create();
    Cpuid cpuid = new Cpuid(model, 0, 1, TSC_HZ, APIC_HZ);
    vcpu =
        SoftwareVcpu.create(
            new SoftwareVcpu.Wiring(
                model,
                cpuid,
                memory,
                IoBus.ports(),
                IoBus.mmio(),
                new AbsentApic(),
                new StoppedClock(TSC_HZ)),
            translated,
            new VcpuGroup());
    state = vcpu.state();
    system();
    vcpu.stateChanged();
  }

  private void system() {
    for (int n = 0; n < paging.length; n++) {
      paging[n] = RawMemory.getLong(memory.hostAddress(BlockLayout.PML4) + 8L * n);
    }
    control();
    put(StateLayout.CR3, BlockLayout.PML4);
    put(StateLayout.EFER, EFER);
    put(StateLayout.STAR, STAR);
    put(StateLayout.XCR0, 3);
    put(StateLayout.GDTR_BASE, BlockLayout.KERNEL + BlockLayout.GDT);
    RawMemory.putInt(state + StateLayout.GDTR_LIMIT, 0x7f);
    put(StateLayout.IDTR_BASE, BlockLayout.KERNEL + BlockLayout.IDT);
    RawMemory.putInt(state + StateLayout.IDTR_LIMIT, 0xfff);
    put(StateLayout.EFLAGS, 2);
    long tss = BlockLayout.KERNEL + BlockLayout.TSS;
    segment(StateLayout.TR, BlockLayout.TASK, 0x8b, BlockLayout.TSS_LIMIT, tss);
    segment(StateLayout.CS, BlockLayout.KERNEL_CODE, 0xa09b, -1, 0);
    segment(StateLayout.SS, BlockLayout.KERNEL_DATA, 0xc093, -1, 0);
    for (int data : new int[] {StateLayout.ES, StateLayout.DS, StateLayout.FS, StateLayout.GS}) {
      segment(data, BlockLayout.USER_DATA, 0xc0f3, -1, 0);
    }
  }

  /** Whether the next block begins with no translation known, because of what the last one did. */
  boolean disturbed() {
    return mappingChanged()
        || get(StateLayout.CR0) != CR0
        || get(StateLayout.CR4) != CR4
        || get(StateLayout.DR7) != DR7
        || get(StateLayout.DUE_TRAPS) != 0;
  }

  /** Whether the last block wrote more of the paging structures than what accesses set. */
  private boolean mappingChanged() {
    long host = memory.hostAddress(BlockLayout.PML4);
    long changed = 0;
    for (int n = 0; n < paging.length; n++) {
      changed |= RawMemory.getLong(host + 8L * n) ^ paging[n];
    }
    return (changed & ~BlockLayout.ACCESSED_DIRTY) != 0;
  }

  private void control() {
    put(StateLayout.CR0, CR0);
    put(StateLayout.CR4, CR4);
    put(StateLayout.DR7, DR7);
    put(StateLayout.DUE_TRAPS, 0);
  }

  private void put(int offset, long value) {
    RawMemory.putLong(state + offset, value);
  }

  private long get(int offset) {
    return RawMemory.getLong(state + offset);
  }

  private void segment(int number, int selector, int attributes, int limit, long base) {
    long at = state + StateLayout.segment(number);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, limit);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }

  /** Forgets the mapping of addresses, and what was accessed. */
  void cool() {
    RawMemory.putInt(state + StateLayout.PENDING, 0);
    long host = memory.hostAddress(BlockLayout.PML4);
    for (int n = 0; n < paging.length; n++) {
      RawMemory.putLong(host + 8L * n, paging[n]);
    }
    vcpu.stateChanged();
  }

  /**
   * Executes the block from {@code in} until an exception.
   *
   * @param data what the pages of data hold at first
   */
  Exit run(BlockCase block, BlockState in, byte[] data) {
    RawMemory.putInt(state + StateLayout.PENDING, 0);
    RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, 0);
    RawMemory.putInt(state + StateLayout.ACTIVITY, StateLayout.RUNNING);
    put(StateLayout.EFLAGS, 2);
    for (int n = 0; n < 4; n++) {
      put(StateLayout.DR + 8 * n, 0);
    }
    put(StateLayout.DR6, DR6);
    if (disturbed()) {
      control();
      cool();
    }
    for (int n = 0; n < DATA_PAGES.length; n++) {
      long to = memory.hostAddress(BlockLayout.physical(DATA_PAGES[n]));
      RawMemory.copy(data, n * BlockLayout.PAGE, to, BlockLayout.PAGE);
    }
    for (int at = 0; at < BlockLayout.CODE_SIZE; at += BlockLayout.PAGE) {
      code(BlockLayout.physical(BlockLayout.CODE + at), block.code, at);
    }
    for (int i = 0; i < 16; i++) {
      put(StateLayout.GPR + 8 * i, in.gpr[i]);
      put(StateLayout.VECTOR + StateLayout.VECTOR_STRIDE * i, in.vector[2 * i]);
      put(StateLayout.VECTOR + StateLayout.VECTOR_STRIDE * i + 8, in.vector[2 * i + 1]);
      put(StateLayout.ST + 8 * i, (i & 1) == 0 ? in.vector[i] : in.vector[i] & 0xffff);
    }
    RawMemory.putInt(state + StateLayout.FCW, in.fcw);
    put(StateLayout.FTW, 0xff);
    put(StateLayout.FIP, 0);
    put(StateLayout.FDP, 0);
    RawMemory.putInt(state + StateLayout.FCS, 0);
    RawMemory.putInt(state + StateLayout.MXCSR, in.mxcsr);
    put(StateLayout.CR2, 0);
    put(StateLayout.KERNEL_GS_BASE, in.gsBase + 16);
    put(StateLayout.FMASK, FMASKS[in.mxcsr & 3]);
    put(StateLayout.LSTAR, BlockLayout.KERNEL + BlockLayout.CALLS[in.mxcsr >> 2 & 3]);
    put(StateLayout.segment(StateLayout.FS) + StateLayout.BASE, in.fsBase);
    put(StateLayout.segment(StateLayout.GS) + StateLayout.BASE, in.gsBase);
    long frame = memory.hostAddress(BlockLayout.STACK_TOP - 256);
    RawMemory.putLong(frame, block.rip());
    RawMemory.putLong(frame + 8, in.kernel ? BlockLayout.KERNEL_CODE : BlockLayout.USER_CODE);
    RawMemory.putLong(frame + 16, in.flags);
    RawMemory.putLong(frame + 24, in.gpr[BlockGenerator.RSP]);
    RawMemory.putLong(frame + 32, in.kernel ? BlockLayout.KERNEL_DATA : BlockLayout.USER_DATA);
    put(StateLayout.GPR + 8 * BlockGenerator.RSP, BlockLayout.KERNEL + BlockLayout.STACK_TOP - 256);
    put(StateLayout.RIP, BlockLayout.KERNEL + BlockLayout.ENTRY);
    RawMemory.fill(memory.hostAddress(BlockLayout.STACK_TOP - 64), 64, (byte) 0);
    began = System.nanoTime() | 1;
    Exit exit = vcpu.run();
    for (int n = 0; resumes && exit == Exit.STOPPED && n < Stops.MOST; n++) {
      stopped++;
      if ((n & 3) == 0) {
        // As if it had been saved and loaded.
        vcpu.state();
        vcpu.stateChanged();
      }
      exit = vcpu.run();
    }
    began = 0;
    return exit;
  }

  /** Makes a page of code what it should be, by one store over what differs. */
  private void code(long physical, byte[] wanted, int from) {
    RawMemory.copy(memory.hostAddress(physical), page, 0, BlockLayout.PAGE);
    int to = from + BlockLayout.PAGE;
    int first = Arrays.mismatch(page, 0, BlockLayout.PAGE, wanted, from, to);
    if (first < 0) {
      return;
    }
    int last = BlockLayout.PAGE - 1;
    while (page[last] == wanted[from + last]) {
      last--;
    }
    memory.write(physical + first, wanted, from + first, last + 1 - first);
  }

  /** Where it is, and what it did. */
  String where() {
    return " at 0x%x, CR2 0x%x, frame: error 0x%x RIP 0x%x CS 0x%x, %s"
        .formatted(
            get(StateLayout.RIP),
            get(StateLayout.CR2),
            frame(-1),
            frame(0),
            frame(1),
            vcpu.counters());
  }

  /** The vector whose handler halted, or -1. */
  int vector() {
    long handler = get(StateLayout.RIP) - 1 - BlockLayout.KERNEL - BlockLayout.HANDLERS;
    boolean one = handler >= 0 && handler < 256 * BlockLayout.HANDLER_STRIDE;
    return one ? (int) handler / BlockLayout.HANDLER_STRIDE : -1;
  }

  /** Word {@code n} of the exception's frame: RIP, CS, RFLAGS, RSP, SS; -1 is the error code. */
  long frame(int n) {
    return RawMemory.getLong(memory.hostAddress(BlockLayout.STACK_TOP - 40 + 8L * n));
  }

  /**
   * The first difference between this engine and another after the same block, or an empty text.
   *
   * @param undefined status flags that do not count
   */
  String difference(BlockEngine other, int undefined) {
    StringBuilder out = new StringBuilder();
    for (int[] part : SHOWN) {
      for (int at = part[0]; at < part[0] + part[1]; at += 8) {
        note(out, name(at), get(at), other.get(at), -1);
      }
    }
    note(out, "fcw fsw ftw", get(StateLayout.FCW), other.get(StateLayout.FCW), 0xff_ffff_ffffL);
    note(out, "vector", vector(), other.vector(), -1);
    String[] names = {"error code", "RIP", "CS", "RFLAGS", "RSP", "SS"};
    for (int n = -1; n < 5; n++) {
      note(out, "frame " + names[n + 1], frame(n), other.frame(n), n == 2 ? ~undefined : -1);
    }
    for (int page : DATA_PAGES) {
      page(out, other, BlockLayout.physical(page), page);
    }
    page(out, other, BlockLayout.physical(BlockLayout.CODE), BlockLayout.CODE);
    int second = BlockLayout.CODE + BlockLayout.PAGE;
    page(out, other, BlockLayout.physical(second), second);
    for (int table = (int) BlockLayout.PML4; table < BlockLayout.ENTRY; table += BlockLayout.PAGE) {
      page(out, other, table, 0x1000_0000 + table);
    }
    return out.toString();
  }

  /**
   * Whether a store that was not meant for the code hit it: then it may read flags that are
   * undefined, and has no right result.
   */
  boolean strayed(BlockCase block) {
    for (BlockItem item : block.items) {
      if (item.erases > 0) {
        return false;
      }
    }
    for (int at = 0; at < BlockLayout.CODE_SIZE; at += BlockLayout.PAGE) {
      long host = memory.hostAddress(BlockLayout.physical(BlockLayout.CODE + at));
      RawMemory.copy(host, page, 0, BlockLayout.PAGE);
      if (Arrays.mismatch(page, 0, BlockLayout.PAGE, block.code, at, at + BlockLayout.PAGE) >= 0) {
        return true;
      }
    }
    return false;
  }

  private void page(StringBuilder out, BlockEngine other, long physical, int shownAs) {
    long ours = memory.hostAddress(physical);
    long theirs = other.memory.hostAddress(physical);
    for (int at = 0; at < BlockLayout.PAGE; at += 8) {
      long a = RawMemory.getLong(ours + at);
      long b = RawMemory.getLong(theirs + at);
      if (a != b) {
        note(out, "[" + Integer.toHexString(shownAs + at) + "]", a, b, -1);
      }
    }
  }

  private static void note(StringBuilder out, String name, long a, long b, long mask) {
    if (((a ^ b) & mask) != 0 && out.length() < 2000) {
      out.append("  %-16s %016x  %016x%n".formatted(name, a, b));
    }
  }

  private static String name(int offset) {
    String[] registers = {
      "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
      "r13", "r14", "r15"
    };
    if (offset < 0x80) {
      return registers[offset / 8];
    }
    if (offset >= StateLayout.VECTOR) {
      int at = offset - StateLayout.VECTOR;
      return "xmm" + at / StateLayout.VECTOR_STRIDE + "+" + at % StateLayout.VECTOR_STRIDE;
    }
    return "state+" + Integer.toHexString(offset);
  }

  @Override
  public void close() {
    vcpu.close();
    memory.close();
  }
}
