package org.wardian.processor.software;

import org.wardian.processor.Exit;

/**
 * What is pending before a vCPU's next instruction, in the order in which it is looked at: requests
 * of other threads, then start-up messages, sleep, traps, NMIs and interrupts (Intel SDM vol. 3
 * table 6-2).
 */
final class PendingWork {
  private final SoftwareVcpu cpu;
  private final MemoryRequests requests;
  private final Signals signals;
  private final InterruptShadow shadow;
  private final SingleStep single;
  private final FaultDelivery delivery;

  /** Null where nobody asks. */
  private ProfileTicks ticks;

  PendingWork(
      SoftwareVcpu cpu,
      MemoryRequests requests,
      Signals signals,
      InterruptShadow shadow,
      SingleStep single,
      FaultDelivery delivery) {
    this.cpu = cpu;
    this.requests = requests;
    this.signals = signals;
    this.shadow = shadow;
    this.single = single;
    this.delivery = delivery;
  }

  /** Has each tick told where the vCPU is. */
  void profile(ProfileTicks wanted) {
    ticks = wanted;
  }

  void close() {
    if (ticks != null) {
      ticks.close();
    }
  }

  /**
   * Handles it.
   *
   * @param pending the bits that were found
   * @return why {@code run()} returns; null where the vCPU goes on
   */
  Exit attend(int pending) {
    if ((pending & SoftwareVcpu.PENDING_SAMPLE) != 0) {
      cpu.lower(SoftwareVcpu.PENDING_SAMPLE);
      ticks.sample();
    }
    if ((pending & SoftwareVcpu.PENDING_MEMORY) != 0) {
      requests.serve();
    }
    if ((pending & Cpu.PENDING_STOP) != 0) {
      cpu.lower(Cpu.PENDING_STOP);
      return Exit.STOPPED;
    }
    if ((pending & SoftwareVcpu.PENDING_GATHER) != 0) {
      cpu.lower(SoftwareVcpu.PENDING_GATHER);
      cpu.group().yieldTo(cpu);
    }
    if ((pending & Signals.STARTING) != 0) {
      // What was pending until now is forgotten by INIT.
      return signals.startUp();
    }
    shadow.cast();
    boolean shadowed = shadow.isCast();
    if ((pending & Signals.PENDING_HALT) != 0) {
      Exit exit = signals.sleep();
      if (exit != null) {
        return exit;
      }
      shadowed = false;
      shadow.lift();
      cpu.updateMode();
    }
    boolean interrupted = cpu.midString;
    cpu.midString = false;
    return shadowed ? null : event(interrupted);
  }

  /**
   * Delivers a trap, an NMI or an interrupt.
   *
   * @param interrupted whether the instruction at RIP has done a part of its work
   */
  private Exit event(boolean interrupted) {
    if (cpu.dueTraps != 0) {
      return single.trap(0);
    }
    if ((cpu.pending() & Cpu.PENDING_NMI) != 0 && signals.takeNmi()) {
      return delivery.interrupt(Vector.NMI, interrupted) ? null : Exit.TRIPLE_FAULT;
    }
    if ((cpu.pending() & Cpu.PENDING_INTERRUPT) != 0) {
      cpu.lower(Cpu.PENDING_INTERRUPT);
      if ((cpu.eflags() & Cpu.IF) != 0) {
        int vector = cpu.interrupts.acknowledge();
        if (vector >= 0) {
          return delivery.interrupt(vector, interrupted) ? null : Exit.TRIPLE_FAULT;
        }
      }
    }
    return null;
  }
}
