package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Delivers exceptions and interrupts, and what their delivery raises in turn. */
final class FaultDelivery {
  private static final long DR7_GENERAL_DETECT = 1 << 13;

  private final SoftwareVcpu cpu;
  private final Events events;
  private long delivered;
  private long faults;

  FaultDelivery(SoftwareVcpu cpu, Events events) {
    this.cpu = cpu;
    this.events = events;
  }

  /** Interrupts so far. */
  long interrupts() {
    return delivered;
  }

  /** Exceptions so far, those included that the delivery of others raised. */
  long exceptions() {
    return faults;
  }

  /**
   * Delivers {@link Mmu#pendingFault}, and what its delivery raises in turn. Source: Intel SDM vol.
   * 3 table 6-5.
   *
   * @return false for a triple fault
   */
  boolean raise() {
    int vector = cpu.pendingFault.vector;
    int error = cpu.pendingFault.errorCode;
    cpu.external = 0;
    cpu.taskSwitched = false;
    if (cpu.nonCanonical) {
      cpu.nonCanonical = false;
      if (vector == Vector.GP && cpu.cache.stackReferenced(cpu.rip())) {
        vector = Vector.SS;
      }
    }
    if (vector == Vector.DB) {
      // The handler may use the debug registers.
      long dr7 = cpu.state + StateLayout.DR7;
      RawMemory.putLong(dr7, RawMemory.getLong(dr7) & ~DR7_GENERAL_DETECT);
    }
    while (true) {
      faults++;
      if (vector != Vector.DB) {
        // Faults show Cpu.RF set, so that an instruction breakpoint is not met twice.
        cpu.eflags(cpu.eflags() | Cpu.RF);
      }
      try {
        events.deliver(vector, error, Events.Source.EXCEPTION);
        return true;
      } catch (GuestFault second) {
        cpu.nonCanonical = false;
        cpu.taskSwitched = false;
        if (vector == Vector.DF) {
          return false;
        }
        boolean contributory = contributory(second.vector);
        boolean pageFault = second.vector == Vector.PF;
        boolean doubled =
            contributory(vector) && contributory
                || vector == Vector.PF && (contributory || pageFault);
        vector = doubled ? Vector.DF : second.vector;
        error = doubled ? 0 : second.errorCode;
      }
    }
  }

  private static boolean contributory(int vector) {
    return vector == Vector.DE || (vector >= Vector.TS && vector <= Vector.GP);
  }

  /**
   * Delivers an interrupt.
   *
   * @param midInstruction whether the instruction at RIP has done a part of its work
   * @return false for a triple fault
   */
  boolean interrupt(int vector, boolean midInstruction) {
    delivered++;
    if (midInstruction) {
      cpu.eflags(cpu.eflags() | Cpu.RF);
    }
    cpu.interruptsChanged();
    try {
      events.deliver(vector, 0, Events.Source.EXTERNAL);
    } catch (GuestFault f) {
      return raise();
    }
    return true;
  }

  /** Delivers the event whose delivery another accelerator had begun; false for a triple fault. */
  boolean again() {
    long event = RawMemory.getLong(cpu.state + StateLayout.EVENT);
    RawMemory.putLong(cpu.state + StateLayout.EVENT, 0);
    Events.Source source =
        switch ((int) event >>> 8 & 7) {
          case StateLayout.EVENT_EXCEPTION -> Events.Source.EXCEPTION;
          case StateLayout.EVENT_SOFTWARE_INTERRUPT, StateLayout.EVENT_SOFTWARE_EXCEPTION ->
              // Its instruction is executed anew, which begins with the same checks.
              null;
          default -> Events.Source.EXTERNAL;
        };
    if (source == null) {
      return true;
    }
    try {
      events.deliver((int) event & 0xff, (int) (event >>> 32), source);
      return true;
    } catch (GuestFault f) {
      return raise();
    }
  }
}
