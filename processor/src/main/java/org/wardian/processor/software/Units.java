package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.mmx.MmxUnit;
import org.wardian.processor.software.sse.SseUnit;
import org.wardian.processor.software.x87.StateImage;
import org.wardian.processor.software.x87.X87Unit;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** Hands an instruction with decoded operands to the unit that executes it. */
final class Units {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final long CR4_OSXSAVE = 1 << 18;

  private final SoftwareVcpu cpu;
  final IntegerOps integer;
  private final StringOps strings;
  private final ControlOps control;
  private final SystemOps system;
  private final PortAccess ports;
  private final WarmOps warm;
  final SseUnit sse = new SseUnit();
  private final X87Unit x87 = new X87Unit();
  private final MmxUnit mmx = new MmxUnit(x87);

  /** Set where an operation needs {@link Interpreter}'s way out of the straight line. */
  boolean leaving;

  Units(
      SoftwareVcpu cpu,
      IntegerOps integer,
      StringOps strings,
      ControlOps control,
      SystemOps system,
      PortAccess ports) {
    this.cpu = cpu;
    this.integer = integer;
    this.strings = strings;
    this.control = control;
    this.system = system;
    this.ports = ports;
    this.warm = new WarmOps(cpu);
  }

  /**
   * Executes {@code i} by unit; true where the next operation follows, false where RIP in the state
   * block decides.
   */
  boolean execute(int op, long w0, Instruction i) {
    switch (op) {
      case Ops.INTEGER:
        integer.execute(i);
        return true;
      case Ops.SSE:
        sse.execute(cpu, i);
        return true;
      case Ops.X87:
        RawMemory.putLong(cpu.state + StateLayout.RIP, cpu.instructionRip);
        if (!x87.execute(cpu, i)) {
          throw cpu.fault(Vector.UD, 0);
        }
        return true;
      case Ops.MMX:
        RawMemory.putLong(cpu.state + StateLayout.RIP, cpu.instructionRip);
        if (!mmx.execute(cpu, i)) {
          throw cpu.fault(Vector.UD, 0);
        }
        return true;
      case Ops.STRING:
        strings.execute(i);
        return true;
      default:
        return segmented((int) (w0 >>> Ops.A) & 127, w0, i);
    }
  }

  /** An instruction of a segment that is checked: first the code segment's limit. */
  private boolean segmented(int unit, long w0, Instruction i) {
    if (cpu.instructionRip + i.length - 1 > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, 0);
    }
    if (unit < Ops.END) {
      if (!execute(unit, w0, i)) {
        throw new IllegalStateException("unit " + unit);
      }
      return true;
    }
    cpu.rip(cpu.nextRip);
    unit(unit, i);
    return false;
  }

  /** Operations that end the straight line; RIP is the next instruction's when they start. */
  void executeLast(int op, long w0, long w1, Instruction i) {
    switch (op) {
      case Ops.CALL32 -> {
        warm.call32(cpu.nextRip);
        cpu.rip(cpu.instructionRip - (w0 >>> Ops.OFFSET) + (int) w1 & 0xffffffffL);
      }
      case Ops.RET32 -> cpu.rip(warm.ret32());
      case Ops.UNDEFINED -> throw cpu.fault(Vector.UD, 0);
      case Ops.TOO_LONG -> throw cpu.fault(Vector.GP, 0);
      default -> unit(op, i);
    }
  }

  private void unit(int op, Instruction i) {
    switch (op) {
      case Ops.END_INTEGER -> integer.execute(i);
      case Ops.END_STRING -> strings.execute(i);
      case Ops.END_CONTROL -> control.execute(i);
      case Ops.END_SYSTEM -> system.execute(i);
      case Ops.END_PORT -> ports.execute(OPERATIONS[i.operation], i);
      case Ops.END_STATE -> state(OPERATIONS[i.operation], i);
      default -> throw cpu.fault(Vector.UD, 0);
    }
  }

  private void state(Operation op, Instruction i) {
    boolean extended = op == Operation.XSAVE || op == Operation.XRSTOR || op == Operation.XSAVEOPT;
    if (extended && (cpu.cr(4) & CR4_OSXSAVE) == 0
        || (!extended && (cpu.cr(0) & Cpu.CR0_EM) != 0)) {
      throw cpu.fault(extended ? Vector.UD : Vector.NM, 0);
    }
    if ((cpu.cr(0) & Cpu.CR0_TS) != 0) {
      throw cpu.fault(Vector.NM, 0);
    }
    long offset = cpu.address(i);
    boolean wide = i.operandSize == 8;
    long mask = cpu.gprLow(0, 4) | cpu.gpr(2) << 32;
    switch (op) {
      case FXSAVE -> StateImage.fxsave(cpu, i.segment, offset, wide);
      case FXRSTOR -> StateImage.fxrstor(cpu, i.segment, offset, wide);
      case XSAVE -> StateImage.xsave(cpu, i.segment, offset, mask, wide);
      case XRSTOR -> StateImage.xrstor(cpu, i.segment, offset, mask, wide);
      default -> throw cpu.fault(Vector.UD, 0);
    }
  }
}
