package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * One instruction at a time, with breakpoints, the trap flag and the shadows that hold interrupts
 * and traps back. Source: Intel SDM vol. 3 chapter 18.
 */
final class SingleStep {
  /** DR6: single step. */
  static final long DR6_STEP = 1 << 14;

  private final SoftwareVcpu cpu;
  private final Interpreter interpreter;
  private final FaultDelivery delivery;

  SingleStep(SoftwareVcpu cpu, Interpreter interpreter, FaultDelivery delivery) {
    this.cpu = cpu;
    this.interpreter = interpreter;
    this.delivery = delivery;
  }

  /** Executes one instruction, with breakpoints, trap flag and interrupt shadow. */
  Exit step() {
    int shadow = RawMemory.getInt(cpu.state + StateLayout.INTERRUPT_SHADOW);
    boolean trap = (cpu.eflags() & Cpu.TF) != 0;
    if (shadow != InterruptShadow.STACK && (cpu.eflags() & Cpu.RF) == 0 && breakpoint()) {
      cpu.fault(Vector.DB, 0);
      return delivery.raise() ? null : Exit.TRIPLE_FAULT;
    }
    RawMemory.putInt(cpu.state + StateLayout.INTERRUPT_SHADOW, 0);
    cpu.eflags(cpu.eflags() & ~Cpu.RF);
    cpu.watchHits = 0;
    cpu.stepCancelled = false;
    cpu.stepping = true;
    boolean faulted;
    try {
      faulted = interpreter.run(interpreter.enterSingle(cpu.rip()));
    } catch (GuestFault f) {
      faulted = true;
    }
    cpu.stepping = false;
    if (faulted) {
      cpu.dueTraps = 0;
      return delivery.raise() ? null : Exit.TRIPLE_FAULT;
    }
    if (cpu.midString) {
      // The instruction goes on, and has met its breakpoint.
      cpu.eflags(cpu.eflags() | Cpu.RF);
    }
    long traps = cpu.watchHits | (trap && !cpu.stepCancelled ? DR6_STEP : 0);
    cpu.watchHits = 0;
    if (RawMemory.getInt(cpu.state + StateLayout.INTERRUPT_SHADOW) == InterruptShadow.STACK) {
      // The step is lost, what the load of SS hit is only late.
      cpu.dueTraps |= traps & ~DR6_STEP;
    } else if ((traps | cpu.dueTraps) != 0) {
      cpu.midString = false;
      Exit exit = trap(traps);
      if (exit != null) {
        return exit;
      }
    }
    cpu.updateMode();
    return null;
  }

  /** Takes the debug traps {@code traps} (bits of DR6) and those that are due. */
  Exit trap(long traps) {
    long dr6 = RawMemory.getLong(cpu.state + StateLayout.DR6);
    RawMemory.putLong(cpu.state + StateLayout.DR6, dr6 & ~15L | traps | cpu.dueTraps);
    cpu.dueTraps = 0;
    // A trap that HLT leaves ends the halt.
    cpu.lower(Signals.PENDING_HALT);
    cpu.fault(Vector.DB, 0);
    return delivery.raise() ? null : Exit.TRIPLE_FAULT;
  }

  /** Whether DR7 has an instruction breakpoint at RIP; sets DR6. */
  private boolean breakpoint() {
    long hits =
        cpu.breakpoints.execution(
            cpu.code64 ? cpu.rip() : cpu.rip() + cpu.base(StateLayout.CS) & 0xffffffffL);
    if (hits != 0) {
      long dr6 = RawMemory.getLong(cpu.state + StateLayout.DR6);
      RawMemory.putLong(cpu.state + StateLayout.DR6, dr6 & ~15L | hits);
    }
    return hits != 0;
  }
}
