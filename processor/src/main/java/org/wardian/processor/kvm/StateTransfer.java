package org.wardian.processor.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.wardian.host.HostException;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.DebugRegisterState;
import org.wardian.host.kvm.EventState;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.MpState;
import org.wardian.host.kvm.Registers;
import org.wardian.host.kvm.SpecialRegisters;
import org.wardian.host.kvm.XcrState;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/**
 * All of a vCPU's architectural state between a block laid out as {@link StateLayout} and the
 * kernel.
 *
 * <p>Left out are the local APIC with CR8 and the APIC's base, which have a record of their own,
 * the time-stamp counter ({@link #timestamp()}), and the fields of the block that belong to the
 * software processor (pending bits, mode, translations, instructions counted, {@link
 * StateLayout#TSC_OFFSET}): {@link #read} leaves those as they are.
 *
 * <p>To be made after KVM_SET_CPUID2, on which it depends what the kernel accepts. One thread at a
 * time, while the vCPU does not run.
 */
public final class StateTransfer implements AutoCloseable {
  private static final int EINVAL = 22;

  /** PE and PG, PAE, LME and LMA: what decides the mode that a guest runs in. */
  private static final long CR0_MODE = 1L << 31 | 1;

  private static final long CR4_MODE = 1 << 5;
  private static final long EFER_MODE = 1 << 8 | 1 << 10;

  /** DR7 bit 10, which is always set. */
  private static final long DR7_FIXED = 1 << 10;

  /** RFLAGS bit 1, which is always set. */
  private static final long RFLAGS_FIXED = 1 << 1;

  /** Where the kernel has the general registers in the order of their numbers. */
  private static final int[] GENERAL = {
    Registers.RAX,
    Registers.RCX,
    Registers.RDX,
    Registers.RBX,
    Registers.RSP,
    Registers.RBP,
    Registers.RSI,
    Registers.RDI,
    Registers.R8,
    Registers.R9,
    Registers.R10,
    Registers.R11,
    Registers.R12,
    Registers.R13,
    Registers.R14,
    Registers.R15
  };

  private final KvmCpu cpu;
  private final StateMsrs msrs;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment registers = arena.allocate(Registers.SIZE, 8);
  private final MemorySegment special = arena.allocate(SpecialRegisters.SIZE, 8);
  private final MemorySegment extended;
  private final MemorySegment extendedControl = arena.allocate(XcrState.SIZE, 8);
  private final MemorySegment debug = arena.allocate(DebugRegisterState.SIZE, 8);
  private final MemorySegment events = arena.allocate(EventState.SIZE, 8);
  private final MemorySegment activity = arena.allocate(MpState.SIZE, 8);

  /** A transfer for {@code cpu}, whose CPUID is set. */
  public StateTransfer(KvmCpu cpu) {
    this.cpu = cpu;
    this.msrs = new StateMsrs(cpu);
    this.extended = arena.allocate(cpu.size(CpuStructure.XSAVE), 64);
  }

  /**
   * Fills the block at host address {@code block} with what the kernel holds.
   *
   * @throws HostException where the kernel does not give it
   */
  public void read(long block) {
    // First: the kernel handles INIT and start-up messages that wait before it answers.
    cpu.get(CpuStructure.MP_STATE, activity);
    RawMemory.putInt(
        block + StateLayout.ACTIVITY,
        switch (RawMemory.getInt(activity.address() + MpState.STATE)) {
          case MpState.HALTED -> StateLayout.HALTED;
          case MpState.UNINITIALIZED, MpState.INIT_RECEIVED -> StateLayout.WAITING;
          default -> StateLayout.RUNNING;
        });
    // Then: an exception that waits changes CR2 and DR6 when it is shown.
    cpu.get(CpuStructure.EVENTS, events);
    PendingEvents.read(events.address(), block);
    cpu.get(CpuStructure.REGISTERS, registers);
    readRegisters(block);
    cpu.get(CpuStructure.SPECIAL_REGISTERS, special);
    ControlState.read(special.address(), block);
    cpu.get(CpuStructure.XSAVE, extended);
    ExtendedState.read(extended.address(), block);
    cpu.get(CpuStructure.XCRS, extendedControl);
    readExtendedControl(block);
    cpu.get(CpuStructure.DEBUG_REGISTERS, debug);
    RawMemory.copy(debug.address() + DebugRegisterState.DB, block + StateLayout.DR, 32);
    copy(debug.address() + DebugRegisterState.DR6, block + StateLayout.DR6);
    copy(debug.address() + DebugRegisterState.DR7, block + StateLayout.DR7);
    msrs.read(block);
  }

  /**
   * Makes the kernel hold what the block at host address {@code block} says.
   *
   * @throws IllegalArgumentException where it is no state that a processor can be in, or not this
   *     one; what the vCPU holds then is unspecified
   * @throws HostException where the kernel fails for another reason
   */
  public void write(long block) {
    StateCheck.check(block);
    // Control registers first: what may be written afterwards depends on them.
    cpu.get(CpuStructure.SPECIAL_REGISTERS, special);
    ControlState.write(block, special.address());
    set(CpuStructure.SPECIAL_REGISTERS, special, block);
    verifyMode(block);
    writeExtendedControl(block);
    ExtendedState.write(block, extended.address());
    set(CpuStructure.XSAVE, extended, block);
    long to = debug.address();
    RawMemory.fill(to, DebugRegisterState.SIZE, (byte) 0);
    RawMemory.copy(block + StateLayout.DR, to + DebugRegisterState.DB, 32);
    RawMemory.putLong(to + DebugRegisterState.DR6, PendingEvents.debugStatus(block));
    RawMemory.putLong(
        to + DebugRegisterState.DR7, RawMemory.getLong(block + StateLayout.DR7) | DR7_FIXED);
    set(CpuStructure.DEBUG_REGISTERS, debug, block);
    msrs.write(block);
    writeRegisters(block);
    set(CpuStructure.REGISTERS, registers, block);
    // Behind the registers, since setting those drops exceptions that wait.
    PendingEvents.write(block, events.address());
    set(CpuStructure.EVENTS, events, block);
    RawMemory.putInt(
        activity.address() + MpState.STATE,
        switch (RawMemory.getInt(block + StateLayout.ACTIVITY)) {
          case StateLayout.HALTED -> MpState.HALTED;
          case StateLayout.WAITING -> MpState.INIT_RECEIVED;
          default -> MpState.RUNNABLE;
        });
    set(CpuStructure.MP_STATE, activity, block);
  }

  /** The guest's time-stamp counter now, in ticks. */
  public long timestamp() {
    return msrs.timestamp();
  }

  /**
   * Makes the guest's time-stamp counter go on from {@code ticks}. The kernel rounds what lies
   * within a second of another vCPU's counter to that one, so that those of a machine agree.
   *
   * @return whether the kernel did; one without hardware support may be unable to, without a word
   */
  public boolean timestamp(long ticks) {
    return msrs.timestamp(ticks);
  }

  /** A KVM that cannot do a mode may drop its bits without a word. */
  private void verifyMode(long block) {
    cpu.get(CpuStructure.SPECIAL_REGISTERS, special);
    verify(special.address() + SpecialRegisters.CR0, block + StateLayout.CR0, CR0_MODE, "CR0");
    verify(special.address() + SpecialRegisters.CR4, block + StateLayout.CR4, CR4_MODE, "CR4");
    verify(special.address() + SpecialRegisters.EFER, block + StateLayout.EFER, EFER_MODE, "EFER");
  }

  private static void verify(long kept, long wanted, long bits, String name) {
    if (((RawMemory.getLong(kept) ^ RawMemory.getLong(wanted)) & bits) != 0) {
      throw new IllegalArgumentException(
          "this KVM makes %s 0x%x of 0x%x: it cannot run a guest in this mode"
              .formatted(name, RawMemory.getLong(kept), RawMemory.getLong(wanted)));
    }
  }

  private void readRegisters(long block) {
    long from = registers.address();
    for (int i = 0; i < GENERAL.length; i++) {
      copy(from + GENERAL[i], block + StateLayout.GPR + 8L * i);
    }
    copy(from + Registers.RIP, block + StateLayout.RIP);
    long flags = RawMemory.getLong(from + Registers.RFLAGS);
    RawMemory.putLong(block + StateLayout.EFLAGS, flags & ~Flags.STATUS | RFLAGS_FIXED);
    Flags.set(block, flags);
  }

  private void writeRegisters(long block) {
    long to = registers.address();
    for (int i = 0; i < GENERAL.length; i++) {
      copy(block + StateLayout.GPR + 8L * i, to + GENERAL[i]);
    }
    copy(block + StateLayout.RIP, to + Registers.RIP);
    long flags = RawMemory.getLong(block + StateLayout.EFLAGS) & ~Flags.STATUS;
    RawMemory.putLong(to + Registers.RFLAGS, flags | Flags.get(block) | RFLAGS_FIXED);
  }

  /** A host without XSAVE has no extended control registers: XCR0 then stays 1. */
  private void readExtendedControl(long block) {
    long at = entry();
    RawMemory.putLong(
        block + StateLayout.XCR0, at == 0 ? 1 : RawMemory.getLong(at + XcrState.ENTRY_VALUE));
  }

  private void writeExtendedControl(long block) {
    cpu.get(CpuStructure.XCRS, extendedControl);
    long wanted = RawMemory.getLong(block + StateLayout.XCR0);
    long at = entry();
    if (at == 0) {
      if (wanted != 1) {
        throw new IllegalArgumentException(
            "XCR0 0x%x: the host's processor has no XSAVE".formatted(wanted));
      }
    } else if (RawMemory.getLong(at + XcrState.ENTRY_VALUE) != wanted) {
      RawMemory.putLong(at + XcrState.ENTRY_VALUE, wanted);
      set(CpuStructure.XCRS, extendedControl, block);
    }
  }

  /** Host address of XCR0's entry in {@link #extendedControl}, or 0. */
  private long entry() {
    long from = extendedControl.address();
    int count = Math.min(RawMemory.getInt(from + XcrState.COUNT), XcrState.MAX_XCRS);
    for (int i = 0; i < count; i++) {
      long at = from + XcrState.ENTRIES + (long) i * XcrState.ENTRY_SIZE;
      if (RawMemory.getInt(at + XcrState.ENTRY_NUMBER) == 0) {
        return at;
      }
    }
    return 0;
  }

  private void set(CpuStructure what, MemorySegment from, long block) {
    try {
      cpu.set(what, from);
    } catch (HostException e) {
      if (e.errno() == EINVAL) {
        throw new IllegalArgumentException("the kernel refuses " + describe(what, block), e);
      }
      throw e;
    }
  }

  private static String describe(CpuStructure what, long block) {
    return switch (what) {
      case SPECIAL_REGISTERS ->
          "the control registers: CR0 0x%x, CR3 0x%x, CR4 0x%x, EFER 0x%x"
              .formatted(
                  RawMemory.getLong(block + StateLayout.CR0),
                  RawMemory.getLong(block + StateLayout.CR3),
                  RawMemory.getLong(block + StateLayout.CR4),
                  RawMemory.getLong(block + StateLayout.EFER));
      case XCRS -> "XCR0 0x%x".formatted(RawMemory.getLong(block + StateLayout.XCR0));
      case XSAVE ->
          "the x87 and vector registers, MXCSR 0x%x"
              .formatted(RawMemory.getInt(block + StateLayout.MXCSR));
      case DEBUG_REGISTERS ->
          "the debug registers: DR6 0x%x, DR7 0x%x"
              .formatted(
                  RawMemory.getLong(block + StateLayout.DR6),
                  RawMemory.getLong(block + StateLayout.DR7));
      case EVENTS -> "the event 0x%x".formatted(RawMemory.getLong(block + StateLayout.EVENT));
      case MP_STATE ->
          "the activity %d (a vCPU without a local APIC only runs)"
              .formatted(RawMemory.getInt(block + StateLayout.ACTIVITY));
      default -> "the general registers";
    };
  }

  private static void copy(long from, long to) {
    RawMemory.putLong(to, RawMemory.getLong(from));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
