package org.wardian.conformance.oracle;

import org.wardian.bus.IoBus;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Flags;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.processor.software.VcpuGroup;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/**
 * Our processor in the place of the host's: a guest whose user code is the case and whose exception
 * handlers halt. So delivery of exceptions is part of what is compared, and any accelerator that
 * meets {@link Vcpu} can be judged.
 */
public final class SoftwareEngine implements InstructionEngine {
  /** PE, MP, ET, NE, WP, AM, PG: as Linux sets them. */
  private static final long CR0 = 0x8005_0033L;

  /** PAE, MCE, PGE, OSFXSR, OSXMMEXCPT, UMIP, FSGSBASE, OSXSAVE. */
  private static final long CR4 = 0x5_0ee0L;

  /** SCE, LME, LMA, NXE. */
  private static final long EFER = 0xd01;

  private static final long TSC_HZ = 1_000_000_000L;
  private static final long APIC_HZ = 100_000_000L;

  private final GuestMemory memory;
  private final Vcpu vcpu;
  private final long state;
  private long rip;
  private Outcome outcome = Outcome.OK;
  private long frame;

  /** Our processor as it is by default here, with the features of {@code model}. */
  public SoftwareEngine(CpuModel model) {
    this(model, Boolean.getBoolean("wardian.translator"));
  }

  /** Our processor: the interpreter alone, or translated code where there can be. */
  public SoftwareEngine(CpuModel model, boolean translated) {
    memory = OracleGuest.create();
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
  }

  private void system() {
    put(StateLayout.CR0, CR0);
    put(StateLayout.CR3, OracleGuest.PML4);
    put(StateLayout.CR4, CR4);
    put(StateLayout.EFER, EFER);
    put(StateLayout.XCR0, 3);
    put(StateLayout.GDTR_BASE, OracleGuest.KERNEL + OracleGuest.GDT);
    RawMemory.putInt(state + StateLayout.GDTR_LIMIT, OracleGuest.GDT_LIMIT);
    put(StateLayout.IDTR_BASE, OracleGuest.KERNEL + OracleGuest.IDT);
    RawMemory.putInt(state + StateLayout.IDTR_LIMIT, 0xfff);
    segment(
        StateLayout.LDTR,
        OracleGuest.LOCAL_TABLE,
        OracleGuest.LOCAL_TABLE_ATTRIBUTES,
        OracleGuest.localTableLimit(),
        OracleGuest.KERNEL + OracleGuest.LDT);
    segment(
        StateLayout.TR,
        OracleGuest.TASK,
        OracleGuest.TASK_ATTRIBUTES,
        OracleGuest.TSS_LIMIT,
        OracleGuest.KERNEL + OracleGuest.TSS);
  }

  private void put(int offset, long value) {
    RawMemory.putLong(state + offset, value);
  }

  private void segment(int number, int selector, int attributes, long limit, long base) {
    long at = state + StateLayout.segment(number);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, (int) limit);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }

  @Override
  public void load(CaseState in) {
    for (int i = 0; i < 16; i++) {
      put(StateLayout.GPR + 8 * i, in.gpr[i]);
    }
    rip = in.rip;
    put(StateLayout.RIP, in.rip);
    put(StateLayout.EFLAGS, in.flags & ~(long) Flags.STATUS | 2);
    Flags.set(state, in.flags);
    for (int i = 0; i < 6; i++) {
      Selectors s = Selectors.of(in.selectors[i]);
      boolean based = s == Selectors.NULL && i >= StateLayout.FS;
      long base = !based ? s.base : i == StateLayout.FS ? in.fsBase : in.gsBase;
      segment(i, s.selector, s.attributes, s.limit, base);
    }
    FloatingPointState.load(state, in);
    RawMemory.copy(
        in.memory,
        0,
        memory.hostAddress(OracleGuest.WINDOW + ScratchLayout.DATA),
        ScratchLayout.DATA_SIZE);
    RawMemory.putInt(state + StateLayout.PENDING, 0);
    RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, 0);
  }

  @Override
  public Outcome execute(byte[] instruction, int codeSize) {
    long offset = codeSize == 8 ? rip - ScratchLayout.WINDOW : rip;
    memory.write(OracleGuest.WINDOW + offset, instruction, 0, instruction.length);
    vcpu.stateChanged();
    Exit exit = vcpu.run();
    byte[] blank = new byte[instruction.length];
    java.util.Arrays.fill(blank, ScratchLayout.BREAKPOINT);
    memory.write(OracleGuest.WINDOW + offset, blank, 0, blank.length);
    outcome = exit == Exit.HALTED ? halted(instruction.length) : new Outcome(Outcome.LOST, 0, 0);
    return outcome;
  }

  /** Reads the exception frame that the handler found. */
  private Outcome halted(int length) {
    long handler = get(StateLayout.RIP) - 1 - OracleGuest.KERNEL - OracleGuest.HANDLERS;
    if (handler < 0 || handler >= 256 * OracleGuest.HANDLER_STRIDE) {
      return new Outcome(Outcome.LOST, 0, 0);
    }
    int vector = (int) (handler / OracleGuest.HANDLER_STRIDE);
    long stack = get(StateLayout.GPR + 8 * CaseBuilder.RSP) - OracleGuest.KERNEL;
    frame = memory.hostAddress(stack);
    int error = 0;
    if (OracleGuest.STACK_TOP - stack == 48) {
      error = RawMemory.getInt(frame);
      frame += 8;
    }
    long after = RawMemory.getLong(frame);
    long trapped = after - 1 - rip;
    if (vector == 3 && (trapped < 0 || trapped >= length)) {
      RawMemory.putLong(frame, after - 1);
      return Outcome.OK;
    }
    return new Outcome(vector, error, vector == 14 ? get(StateLayout.CR2) : 0);
  }

  private long get(int offset) {
    return RawMemory.getLong(state + offset);
  }

  @Override
  public void store(CaseState out) {
    if (outcome.vector() == Outcome.LOST) {
      return;
    }
    for (int i = 0; i < 16; i++) {
      out.gpr[i] = get(StateLayout.GPR + 8 * i);
    }
    out.rip = RawMemory.getLong(frame);
    out.flags = RawMemory.getLong(frame + 16);
    out.gpr[CaseBuilder.RSP] = RawMemory.getLong(frame + 24);
    for (int i = 0; i < 6; i++) {
      long at = state + StateLayout.segment(i) + StateLayout.SELECTOR;
      out.selectors[i] = Short.toUnsignedInt(RawMemory.getShort(at));
    }
    out.selectors[StateLayout.CS] = (int) RawMemory.getLong(frame + 8) & 0xffff;
    out.selectors[StateLayout.SS] = (int) RawMemory.getLong(frame + 32) & 0xffff;
    out.fsBase = get(StateLayout.segment(StateLayout.FS) + StateLayout.BASE);
    out.gsBase = get(StateLayout.segment(StateLayout.GS) + StateLayout.BASE);
    FloatingPointState.store(state, out);
    RawMemory.copy(
        memory.hostAddress(OracleGuest.WINDOW + ScratchLayout.DATA),
        out.memory,
        0,
        ScratchLayout.DATA_SIZE);
  }

  @Override
  public void close() {
    vcpu.close();
    memory.close();
  }
}
