package org.wardian.processor.software;

import java.util.concurrent.locks.LockSupport;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.PowerOnState;
import org.wardian.x86.StateLayout;

/**
 * What reaches a vCPU from outside (interrupt line, NMI, INIT and start-up messages), and the sleep
 * in which it waits for that. Source: Intel SDM vol. 3 sections 7.7 and 9.4.
 *
 * <p>{@link #interrupt}, {@link #nmi}, {@link #init}, {@link #startup} and {@link #wake} are called
 * by any thread, the others by the vCPU's own.
 */
final class Signals {
  /** {@link StateLayout#PENDING}: HLT was executed. */
  static final int PENDING_HALT = 64;

  /** {@link StateLayout#PENDING}: waits for a start-up message. */
  private static final int PENDING_WAITING = 1 << 20;

  /** What asks for {@link #startUp}. */
  static final int STARTING = Cpu.PENDING_INIT | Cpu.PENDING_STARTUP | PENDING_WAITING;

  /** What ends the sleep of a vCPU that no interrupt can wake. */
  static final int WAKING = Cpu.PENDING_NMI | Cpu.PENDING_INIT | Cpu.PENDING_STARTUP;

  /** IA32_APIC_BASE bit 8: the processor that boots, which does not wait after INIT. */
  private static final long APIC_BOOTSTRAP = 1 << 8;

  private final SoftwareVcpu cpu;
  private final VcpuGroup group;
  private final MemoryRequests requests;
  private final InterruptShadow shadow;

  /** The local interrupt controller has a vector. */
  private volatile boolean line;

  private volatile boolean nmiPending;
  private boolean nmiBlocked;

  /** The thread in {@code run()}, or null. */
  private volatile Thread runner;

  /** Vector of the start-up message that came last; written before its bit is raised. */
  private volatile int startupVector;

  Signals(SoftwareVcpu cpu, VcpuGroup group, MemoryRequests requests, InterruptShadow shadow) {
    this.cpu = cpu;
    this.group = group;
    this.requests = requests;
    this.shadow = shadow;
  }

  /** The calling thread executes the vCPU. */
  void enter() {
    runner = Thread.currentThread();
  }

  /** No thread executes it. */
  void leave() {
    runner = null;
  }

  /** Whether a thread executes it. */
  boolean runs() {
    return runner != null;
  }

  /** Ends its sleep, so that it looks at what is pending. */
  void wake() {
    Thread thread = runner;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  void interrupt(boolean pending) {
    line = pending;
    RawMemory.putIntVolatile(cpu.state + SystemWords.LINE, pending ? 1 : 0);
    if (pending) {
      cpu.raise(Cpu.PENDING_INTERRUPT);
      wake();
    }
  }

  void nmi() {
    nmiPending = true;
    cpu.raise(Cpu.PENDING_NMI);
    wake();
  }

  void init() {
    // A start-up message from before it has lost its sense.
    cpu.lower(Cpu.PENDING_STARTUP);
    cpu.raise(Cpu.PENDING_INIT);
    wake();
  }

  void startup(int vector) {
    if ((cpu.pending() & (Cpu.PENDING_INIT | PENDING_WAITING)) != 0) {
      startupVector = vector;
      cpu.raise(Cpu.PENDING_STARTUP);
      wake();
    }
  }

  /** The interrupt line, as it was set last. */
  boolean line() {
    return line;
  }

  /** Whether an interrupt or an NMI waits to be taken. */
  boolean any() {
    return line || nmiPending;
  }

  /** Whether IRET has nothing to do for NMIs. */
  boolean nmiOpen() {
    return !nmiBlocked;
  }

  /** IRET ends the blocking of NMIs. */
  void nmiUnblocked() {
    nmiBlocked = false;
    if (nmiPending) {
      cpu.raise(Cpu.PENDING_NMI);
    }
  }

  /** Begins the handling of an NMI, which blocks others; false where none can be taken. */
  boolean takeNmi() {
    cpu.lower(Cpu.PENDING_NMI);
    if (!nmiPending || nmiBlocked) {
      return false;
    }
    nmiPending = false;
    nmiBlocked = true;
    return true;
  }

  /** Writes what it knows to the architectural state. */
  void store() {
    int pending = cpu.pending();
    RawMemory.putInt(
        cpu.state + StateLayout.ACTIVITY,
        (pending & PENDING_WAITING) != 0
            ? StateLayout.WAITING
            : (pending & PENDING_HALT) != 0 ? StateLayout.HALTED : StateLayout.RUNNING);
    RawMemory.putByte(cpu.state + StateLayout.NMI_PENDING, (byte) (nmiPending ? 1 : 0));
    RawMemory.putByte(cpu.state + StateLayout.NMI_BLOCKED, (byte) (nmiBlocked ? 1 : 0));
  }

  /** Reads it from there, where somebody else wrote it. */
  void load() {
    cpu.lower(PENDING_HALT | WAKING | PENDING_WAITING);
    switch (RawMemory.getInt(cpu.state + StateLayout.ACTIVITY)) {
      case StateLayout.HALTED -> cpu.raise(PENDING_HALT);
      case StateLayout.WAITING -> cpu.raise(PENDING_WAITING);
      default -> {
        // It executes.
      }
    }
    nmiPending = RawMemory.getByte(cpu.state + StateLayout.NMI_PENDING) != 0;
    nmiBlocked = RawMemory.getByte(cpu.state + StateLayout.NMI_BLOCKED) != 0;
    if (nmiPending) {
      cpu.raise(Cpu.PENDING_NMI);
    }
  }

  /** Waits in HLT until something wakes the processor. */
  Exit sleep() {
    boolean enabled = (cpu.eflags() & Cpu.IF) != 0;
    group.exit(cpu);
    try {
      while (true) {
        int pending = cpu.pending();
        if ((pending & SoftwareVcpu.PENDING_MEMORY) != 0) {
          requests.serve();
        }
        if ((pending & Cpu.PENDING_STOP) != 0) {
          // HLT is still in force when the machine runs us again.
          cpu.lower(Cpu.PENDING_STOP);
          return Exit.STOPPED;
        }
        if ((pending & (Cpu.PENDING_INIT | Cpu.PENDING_STARTUP)) != 0
            || (pending & Cpu.PENDING_NMI) != 0 && nmiPending && !nmiBlocked) {
          break;
        }
        if (enabled && line && cpu.interrupts.pending()) {
          cpu.raise(Cpu.PENDING_INTERRUPT);
          break;
        }
        if (!enabled && (pending & Cpu.PENDING_NMI) == 0 && group.allSleepForGood(cpu)) {
          return Exit.HALTED;
        }
        LockSupport.parkNanos(cpu, 100_000_000L);
      }
    } finally {
      group.enter(cpu);
    }
    if ((cpu.pending() & Cpu.PENDING_INIT) == 0) {
      cpu.lower(PENDING_HALT);
    }
    return null;
  }

  /** Handles INIT and start-up messages, and waits for one where INIT has left us waiting. */
  Exit startUp() {
    while (true) {
      int pending = cpu.pending();
      if ((pending & Cpu.PENDING_INIT) != 0) {
        initialize();
      } else if ((pending & PENDING_WAITING) == 0) {
        cpu.lower(Cpu.PENDING_STARTUP);
        return null;
      } else if ((pending & Cpu.PENDING_STARTUP) != 0) {
        int vector = startupVector;
        cpu.lower(Cpu.PENDING_STARTUP | PENDING_WAITING | Cpu.PENDING_NMI);
        nmiPending = false;
        cpu.segment(
            StateLayout.CS, vector << 8, cpu.attributes(StateLayout.CS), 0xffff, vector << 12);
        cpu.rip(0);
        cpu.stateDerived();
        return null;
      } else {
        Exit exit = awaitStartup();
        if (exit != null) {
          return exit;
        }
      }
    }
  }

  private Exit awaitStartup() {
    group.exit(cpu);
    try {
      while (true) {
        int pending = cpu.pending();
        if ((pending & (Cpu.PENDING_STARTUP | Cpu.PENDING_INIT)) != 0) {
          return null;
        }
        if ((pending & SoftwareVcpu.PENDING_MEMORY) != 0) {
          requests.serve();
        }
        if ((pending & Cpu.PENDING_STOP) != 0) {
          cpu.lower(Cpu.PENDING_STOP);
          return Exit.STOPPED;
        }
        if (group.allSleepForGood(cpu)) {
          return Exit.HALTED;
        }
        LockSupport.parkNanos(cpu, 100_000_000L);
      }
    } finally {
      group.enter(cpu);
    }
  }

  private void initialize() {
    // Start-up messages that come from here on are for us.
    cpu.raise(PENDING_WAITING);
    cpu.lower(Cpu.PENDING_INIT | PENDING_HALT | Cpu.PENDING_NMI);
    PowerOnState.initialize(cpu.state);
    initialized();
    if ((cpu.interrupts.base() & APIC_BOOTSTRAP) != 0) {
      cpu.lower(PENDING_WAITING | Cpu.PENDING_STARTUP);
    }
  }

  /** Takes over the state after INIT. */
  private void initialized() {
    nmiPending = false;
    nmiBlocked = false;
    cpu.midString = false;
    cpu.dueTraps = 0;
    shadow.forget();
    cpu.stateDerived();
  }
}
