package org.wardian.processor.software;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.wardian.bus.InterruptTarget;
import org.wardian.bus.IoBus;
import org.wardian.bus.LocalInterruptController;
import org.wardian.bus.TimestampCounter;
import org.wardian.host.Mapping;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.PowerOnState;
import org.wardian.processor.Vcpu;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Decoder;
import org.wardian.x86.StateLayout;

/** A virtual processor that the interpreter executes. */
public final class SoftwareVcpu extends Cpu implements Vcpu, InterruptTarget {
  /** {@link StateLayout#PENDING}: HLT was executed. */
  private static final int PENDING_HALT = 64;

  /** {@link StateLayout#PENDING}: memory asks something, see {@link MemoryRequests}. */
  static final int PENDING_MEMORY = 1 << 16;

  private static final int RAX = 0;
  private static final int RBX = 3;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final long CR4_OSXSAVE = 1 << 18;

  /** IA32_APIC_BASE bit 11, and the bit of CPUID leaf 1 that follows it. */
  private static final long APIC_ENABLED = 1 << 11;

  /** IA32_APIC_BASE bit 8: the processor that boots, which does not wait after INIT. */
  private static final long APIC_BOOTSTRAP = 1 << 8;

  private static final int CPUID_APIC = 1 << 9;

  /** DR6: single step. */
  static final long DR6_STEP = 1 << 14;

  private static final long DR7_GENERAL_DETECT = 1 << 13;

  /** {@link StateLayout#PENDING}: {@link GuestProfile} asks where we are. */
  private static final int PENDING_SAMPLE = 1 << 18;

  /** {@link StateLayout#PENDING}: another vCPU wants this one to stand still. */
  static final int PENDING_GATHER = 1 << 19;

  /** {@link StateLayout#PENDING}: waits for a start-up message. */
  private static final int PENDING_WAITING = 1 << 20;

  /** What ends the sleep of a vCPU that no interrupt can wake. */
  static final int WAKING = PENDING_NMI | PENDING_INIT | PENDING_STARTUP;

  /** No address of an instruction. */
  private static final long NOWHERE = 1L << 62;

  /** {@link StateLayout#INTERRUPT_SHADOW} after STI: interrupts wait. */
  static final int INTERRUPT_SHADOW = 1;

  /** {@link StateLayout#INTERRUPT_SHADOW} after a load of SS: debug traps wait too. */
  static final int STACK_SHADOW = 2;

  final CpuModel model;
  final TimestampCounter time;

  private final Mapping block;
  private final Cpuid cpuid;
  final CodeCache cache;
  private final MemoryRequests requests;
  private final Events events;
  private final Units units;
  private final Interpreter interpreter;

  /** Null where all code is interpreted. */
  private Translations translations;

  private final Msrs msrs;

  /** The local interrupt controller has a vector; written by any thread. */
  private volatile boolean line;

  private volatile boolean nmiPending;
  private boolean nmiBlocked;
  private volatile Thread sleeper;

  /** Vector of the start-up message that came last; written by any thread, before its bit. */
  private volatile int startupVector;

  private final VcpuGroup group;
  private final SpinWatch spins = new SpinWatch();
  private int codeNumber;

  /** Executes instructions, so that its tables are its own; written under the group's monitor. */
  volatile boolean executing;

  /** No interrupt can wake it; under the group's monitor. */
  boolean sleepsForGood;

  // Null where nobody asks.
  private GuestProfile profile;
  private ProfileTicks ticks;

  /** Translated code met a triple fault. */
  private boolean shutDown;

  private long delivered;
  private long faults;

  /**
   * As {@link #create(CpuModel, Cpuid, GuestMemory, IoBus, IoBus, LocalInterruptController,
   * TimestampCounter, boolean)}, translated where the system property says so.
   */
  public static SoftwareVcpu create(
      CpuModel model,
      Cpuid cpuid,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts,
      TimestampCounter time) {
    boolean translated = Boolean.getBoolean("wardian.translator") || Lockstep.ENABLED;
    return create(model, cpuid, memory, ports, mmio, interrupts, time, translated);
  }

  /** As below, the only one of its memory. */
  public static SoftwareVcpu create(
      CpuModel model,
      Cpuid cpuid,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts,
      TimestampCounter time,
      boolean translated) {
    return create(model, cpuid, memory, ports, mmio, interrupts, time, translated, new VcpuGroup());
  }

  /**
   * @param model what CPUID promises
   * @param cpuid its answers for this processor
   * @param translated whether 64-bit code is translated to host code
   * @param group the vCPUs that share {@code memory}
   */
  public static SoftwareVcpu create(
      CpuModel model,
      Cpuid cpuid,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts,
      TimestampCounter time,
      boolean translated,
      VcpuGroup group) {
    Mapping block = Mapping.anonymous((Mmu.blockSize() + 4095) & -4096L);
    return new SoftwareVcpu(
        block, model, cpuid, memory, ports, mmio, interrupts, time, translated, group);
  }

  private SoftwareVcpu(
      Mapping block,
      CpuModel model,
      Cpuid cpuid,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts,
      TimestampCounter time,
      boolean translated,
      VcpuGroup group) {
    super(block.address(), memory, ports, mmio, interrupts);
    this.block = block;
    this.model = model;
    this.cpuid = cpuid;
    this.time = time;
    this.group = group;
    this.cache = new CodeCache(this, new Decoder(model), group.capacity());
    this.requests = new MemoryRequests(this, cache);
    Segmentation segmentation = new Segmentation(this);
    TaskSwitch tasks = new TaskSwitch(this, segmentation);
    FarTransfers far = new FarTransfers(this, segmentation, tasks);
    this.events = new Events(this, segmentation, tasks);
    this.msrs = new Msrs(this);
    PortAccess portAccess = new PortAccess(this);
    this.units =
        new Units(
            this,
            new IntegerOps(this),
            new StringOps(this, portAccess),
            new ControlOps(this, segmentation, far, events),
            new SystemOps(this, segmentation, far, msrs),
            portAccess);
    this.interpreter = new Interpreter(this, cache, units);
    this.translations = translated ? new Translations(this) : null;
    reset();
    codeNumber = requests.open();
    group.join(this);
  }

  // ---- life cycle
  // ---------------------------------------------------------------------------------

  @Override
  public void reset() {
    PowerOnState.write(state);
    if (translations != null) {
      translations.counts.reset();
    }
    midString = false;
    stateChanged();
  }

  @Override
  public long state() {
    if (shielded() != NOWHERE) {
      castShadow();
    }
    int pending = pending();
    RawMemory.putInt(
        state + StateLayout.ACTIVITY,
        (pending & PENDING_WAITING) != 0
            ? StateLayout.WAITING
            : (pending & PENDING_HALT) != 0 ? StateLayout.HALTED : StateLayout.RUNNING);
    RawMemory.putByte(state + StateLayout.NMI_PENDING, (byte) (nmiPending ? 1 : 0));
    RawMemory.putByte(state + StateLayout.NMI_BLOCKED, (byte) (nmiBlocked ? 1 : 0));
    RawMemory.putLong(state + StateLayout.DUE_TRAPS, dueTraps);
    return state;
  }

  @Override
  public void stateChanged() {
    shielded(NOWHERE);
    lower(PENDING_HALT | PENDING_NMI | PENDING_INIT | PENDING_STARTUP | PENDING_WAITING);
    switch (RawMemory.getInt(state + StateLayout.ACTIVITY)) {
      case StateLayout.HALTED -> raise(PENDING_HALT);
      case StateLayout.WAITING -> raise(PENDING_WAITING);
      default -> {
        // It executes.
      }
    }
    nmiPending = RawMemory.getByte(state + StateLayout.NMI_PENDING) != 0;
    nmiBlocked = RawMemory.getByte(state + StateLayout.NMI_BLOCKED) != 0;
    if (nmiPending) {
      raise(PENDING_NMI);
    }
    dueTraps = RawMemory.getLong(state + StateLayout.DUE_TRAPS);
    if (!longMode() && (cr(0) & CR0_PG) != 0 && (cr(4) & PageWalker.CR4_PAE) != 0) {
      try {
        walker.loadPdptes(cr(3));
      } catch (GuestFault e) {
        throw new IllegalArgumentException("CR3 points to invalid PDPTEs", e);
      }
    }
    flushTranslations();
    updateMode();
    interruptsChanged();
  }

  @Override
  public long instructions() {
    long interpreted = RawMemory.getLong(state + StateLayout.INSTRUCTIONS);
    if (translations == null) {
      return interpreted;
    }
    long translated = translations.instructions();
    return translated < 0 ? translated : interpreted + translated;
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> counters = new LinkedHashMap<>();
    if (instructions() >= 0) {
      counters.put("instructions", instructions());
    }
    counters.put("instructions-interpreted", RawMemory.getLong(state + StateLayout.INSTRUCTIONS));
    counters.put("tlb-misses", walks);
    counters.put("decoded", cache.decoded);
    counters.put("code-invalidations", cache.invalidations);
    counters.put("interrupts", delivered);
    counters.put("exceptions", faults);
    if (translations != null) {
      translations.count(counters);
    }
    return counters;
  }

  @Override
  public void close() {
    group.leave(this);
    if (ticks != null) {
      ticks.close();
    }
    requests.close();
    cache.close();
    if (translations != null) {
      translations.close();
    }
    block.close();
  }

  /**
   * Begins to observe; once, before the first {@link #run}. Ends at {@link #close}.
   *
   * @param observation what is wanted; what is not counted or heard of costs nothing
   */
  public void observe(Observation observation) {
    if (translations != null) {
      translations.observe(observation);
    }
    observation
        .profile()
        .ifPresent(wanted -> {
          profile = wanted;
          ticks = new ProfileTicks(this);
        });
  }

  /** Asks for a sample; the profile's thread. */
  void profileTick() {
    if (sleeper == null) {
      return;
    }
    if ((pending() & PENDING_HALT) != 0) {
      profile.idleTick();
    } else {
      profile.tick();
      raise(PENDING_SAMPLE);
    }
  }

  private void sample() {
    lower(PENDING_SAMPLE);
    profile.note(
        cpl == 3 ? GuestProfile.Mode.USER : GuestProfile.Mode.KERNEL,
        code64 ? rip() : rip() + base(StateLayout.CS) & 0xffffffffL,
        RawMemory.getLong(state + StateLayout.LSTAR));
  }

  // ---- signals from outside
  // -----------------------------------------------------------------------

  @Override
  public void interrupt(boolean pending) {
    line = pending;
    RawMemory.putIntVolatile(state + SystemWords.LINE, pending ? 1 : 0);
    if (pending) {
      raise(PENDING_INTERRUPT);
      wake();
    }
  }

  @Override
  public void nmi() {
    nmiPending = true;
    raise(PENDING_NMI);
    wake();
  }

  @Override
  public void init() {
    // A start-up message from before it has lost its sense.
    lower(PENDING_STARTUP);
    raise(PENDING_INIT);
    wake();
  }

  @Override
  public void startup(int vector) {
    if ((pending() & (PENDING_INIT | PENDING_WAITING)) != 0) {
      startupVector = vector;
      raise(PENDING_STARTUP);
      wake();
    }
  }

  @Override
  public void kick() {
    raise(PENDING_STOP);
    wake();
  }

  /** Whether a thread is in {@link #run}. */
  boolean runs() {
    return sleeper != null;
  }

  /** Has {@link MemoryRequests#serve} called soon; any thread. */
  void attention() {
    raise(PENDING_MEMORY);
    wake();
  }

  private void wake() {
    Thread thread = sleeper;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /** Looks again whether an interrupt can be taken: IF, TPR or the controller changed. */
  @Override
  void interruptsChanged() {
    if (line) {
      raise(PENDING_INTERRUPT);
    }
  }

  /** STI, with the next instruction's RIP set: whether its shadow can wait until it matters. */
  boolean shadowLazily() {
    if (translations == null || line || nmiPending) {
      return false;
    }
    shielded(nextRip);
    return true;
  }

  /**
   * RIP of the instruction that STI shields, where nothing was pending at that moment: only if
   * something is when that instruction is reached, it is executed alone. Else {@link #NOWHERE}.
   */
  private long shielded() {
    return RawMemory.getLong(state + SystemWords.SHIELDED);
  }

  private void shielded(long rip) {
    RawMemory.putLong(state + SystemWords.SHIELDED, rip);
  }

  /** Makes the shadow of STI real where its instruction is still to come. */
  private void castShadow() {
    if (rip() == shielded() && RawMemory.getInt(state + StateLayout.INTERRUPT_SHADOW) == 0) {
      RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, INTERRUPT_SHADOW);
      raise(PENDING_STEP);
    }
    shielded(NOWHERE);
  }

  /** MOV SS and POP SS: no interrupt and no debug trap before the instruction after the next. */
  @Override
  void stackShadow() {
    RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, STACK_SHADOW);
    raise(PENDING_STEP);
  }

  void halt() {
    raise(PENDING_HALT);
  }

  /** Whether IRET has nothing to do for NMIs. */
  boolean nmiOpen() {
    return !nmiBlocked;
  }

  @Override
  void modeChanged() {
    if (cache != null) {
      cache.modeChanged();
    }
  }

  /** IRET ends the blocking of NMIs. */
  @Override
  void nmiUnblocked() {
    nmiBlocked = false;
    if (nmiPending) {
      raise(PENDING_NMI);
    }
  }

  // ---- the run loop
  // -------------------------------------------------------------------------------

  @Override
  public Exit run() {
    requests.enter();
    sleeper = Thread.currentThread();
    group.enter(this);
    try {
      if (RawMemory.getLong(state + StateLayout.EVENT) != 0 && !deliverAgain()) {
        return Exit.TRIPLE_FAULT;
      }
      while (true) {
        int pending = pending();
        if (pending != 0) {
          Exit exit = attend(pending);
          if (exit != null) {
            return exit;
          }
          if ((pending() & PENDING_STEP) != 0) {
            exit = step();
            if (exit != null) {
              return exit;
            }
          }
          continue;
        }
        int at;
        boolean faulted;
        try {
          if (translations != null) {
            if (translations.run()) {
              if (shutDown) {
                shutDown = false;
                return Exit.TRIPLE_FAULT;
              }
              continue;
            }
            raise(PENDING_BRANCH);
          }
          at = interpreter.enter(rip());
          faulted = interpreter.run(at);
        } catch (GuestFault f) {
          faulted = true;
        }
        lower(PENDING_BRANCH);
        if (faulted && !raiseFault()) {
          return Exit.TRIPLE_FAULT;
        }
      }
    } finally {
      group.exit(this);
      sleeper = null;
      requests.leave();
    }
  }

  /** Handles what is pending before the next instruction; a result means that run() returns. */
  private Exit attend(int pending) {
    if ((pending & PENDING_SAMPLE) != 0) {
      sample();
    }
    if ((pending & PENDING_MEMORY) != 0) {
      requests.serve();
    }
    if ((pending & PENDING_STOP) != 0) {
      lower(PENDING_STOP);
      return Exit.STOPPED;
    }
    if ((pending & PENDING_GATHER) != 0) {
      lower(PENDING_GATHER);
      group.yieldTo(this);
    }
    if ((pending & (PENDING_INIT | PENDING_STARTUP | PENDING_WAITING)) != 0) {
      // What was pending until now is forgotten by INIT.
      return startUp();
    }
    if (shielded() != NOWHERE) {
      castShadow();
    }
    boolean shadowed = RawMemory.getInt(state + StateLayout.INTERRUPT_SHADOW) != 0;
    if ((pending & PENDING_HALT) != 0) {
      Exit exit = sleep();
      if (exit != null) {
        return exit;
      }
      shadowed = false;
      RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, 0);
      updateMode();
    }
    boolean interrupted = midString;
    midString = false;
    if (shadowed) {
      return null;
    }
    if (dueTraps != 0) {
      return debugTrap(0);
    }
    if ((pending() & PENDING_NMI) != 0) {
      lower(PENDING_NMI);
      if (nmiPending && !nmiBlocked) {
        nmiPending = false;
        nmiBlocked = true;
        return inject(Vector.NMI, interrupted);
      }
    }
    if ((pending() & PENDING_INTERRUPT) != 0) {
      lower(PENDING_INTERRUPT);
      if ((eflags() & IF) != 0) {
        int vector = interrupts.acknowledge();
        if (vector >= 0) {
          return inject(vector, interrupted);
        }
      }
    }
    return null;
  }

  private Exit inject(int vector, boolean midInstruction) {
    delivered++;
    if (midInstruction) {
      eflags(eflags() | RF);
    }
    interruptsChanged();
    try {
      events.deliver(vector, 0, Events.Source.EXTERNAL);
    } catch (GuestFault f) {
      if (!raiseFault()) {
        return Exit.TRIPLE_FAULT;
      }
    }
    return null;
  }

  /** Delivers the event whose delivery another accelerator had begun; false for a triple fault. */
  private boolean deliverAgain() {
    long event = RawMemory.getLong(state + StateLayout.EVENT);
    RawMemory.putLong(state + StateLayout.EVENT, 0);
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
      return raiseFault();
    }
  }

  /** Waits in HLT until something wakes the processor. */
  private Exit sleep() {
    boolean enabled = (eflags() & IF) != 0;
    group.exit(this);
    try {
      while (true) {
        int pending = pending();
        if ((pending & PENDING_MEMORY) != 0) {
          requests.serve();
        }
        if ((pending & PENDING_STOP) != 0) {
          // HLT is still in force when the machine runs us again.
          lower(PENDING_STOP);
          return Exit.STOPPED;
        }
        if ((pending & (PENDING_INIT | PENDING_STARTUP)) != 0
            || (pending & PENDING_NMI) != 0 && nmiPending && !nmiBlocked) {
          break;
        }
        if (enabled && line && interrupts.pending()) {
          raise(PENDING_INTERRUPT);
          break;
        }
        if (!enabled && (pending & PENDING_NMI) == 0 && group.allSleepForGood(this)) {
          return Exit.HALTED;
        }
        LockSupport.parkNanos(this, 100_000_000L);
      }
    } finally {
      group.enter(this);
    }
    if ((pending() & PENDING_INIT) == 0) {
      lower(PENDING_HALT);
    }
    return null;
  }

  /** Handles INIT and start-up messages, and waits for one where INIT has left us waiting. */
  private Exit startUp() {
    while (true) {
      int pending = pending();
      if ((pending & PENDING_INIT) != 0) {
        initialize();
      } else if ((pending & PENDING_WAITING) == 0) {
        lower(PENDING_STARTUP);
        return null;
      } else if ((pending & PENDING_STARTUP) != 0) {
        int vector = startupVector;
        lower(PENDING_STARTUP | PENDING_WAITING | PENDING_NMI);
        nmiPending = false;
        segment(StateLayout.CS, vector << 8, attributes(StateLayout.CS), 0xffff, vector << 12);
        rip(0);
        stateDerived();
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
    group.exit(this);
    try {
      while (true) {
        int pending = pending();
        if ((pending & (PENDING_STARTUP | PENDING_INIT)) != 0) {
          return null;
        }
        if ((pending & PENDING_MEMORY) != 0) {
          requests.serve();
        }
        if ((pending & PENDING_STOP) != 0) {
          lower(PENDING_STOP);
          return Exit.STOPPED;
        }
        if (group.allSleepForGood(this)) {
          return Exit.HALTED;
        }
        LockSupport.parkNanos(this, 100_000_000L);
      }
    } finally {
      group.enter(this);
    }
  }

  private void initialize() {
    // Start-up messages that come from here on are for us.
    raise(PENDING_WAITING);
    lower(PENDING_INIT | PENDING_HALT | PENDING_NMI);
    PowerOnState.initialize(state);
    initialized();
    if ((interrupts.base() & APIC_BOOTSTRAP) != 0) {
      lower(PENDING_WAITING | PENDING_STARTUP);
    }
  }

  /** Takes over the state after INIT. */
  private void initialized() {
    nmiPending = false;
    nmiBlocked = false;
    midString = false;
    dueTraps = 0;
    shielded(NOWHERE);
    stateDerived();
  }

  private void stateDerived() {
    flushTranslations();
    updateMode();
    interruptsChanged();
  }

  /** PAUSE: other threads of the host may go on where this one spins. */
  void pause() {
    spins.pause();
  }

  /** The vCPUs that share the memory. */
  VcpuGroup group() {
    return group;
  }

  @Override
  int codeNumber() {
    return codeNumber;
  }

  /**
   * Has writes to a guest-physical page told to {@link MemoryRequests} from now on, by whichever
   * vCPU or device; its bytes are read afterwards. It is not called again while the page is marked.
   */
  @Override
  void watchCode(long physical) {
    memory.markCode(physical, codeNumber);
    flushWrites(physical);
    if (!group.single() && group.othersMayStore(this, physical)) {
      // They store by translations from before the mark.
      group.exclusively(
          this, other -> other.mayStore(physical), () -> group.flushWrites(this, physical));
    }
  }

  /** {@link #flushWrites} by another vCPU, while this one stands still. */
  void flushWritesElsewhere(long physical) {
    // Its own thread may be serving requests in its sleep.
    synchronized (requests) {
      flushWrites(physical);
    }
  }

  /** Ends {@link #watchCode}. */
  @Override
  void unwatchCode(long physical) {
    memory.unmarkCode(physical, codeNumber);
  }

  /**
   * Delivers {@link Mmu#pendingFault}, and what its delivery raises in turn. Source: Intel SDM vol.
   * 3 table 6-5.
   *
   * @return false for a triple fault
   */
  private boolean raiseFault() {
    int vector = pendingFault.vector;
    int error = pendingFault.errorCode;
    external = 0;
    taskSwitched = false;
    if (nonCanonical) {
      nonCanonical = false;
      if (vector == Vector.GP && cache.stackReferenced(rip())) {
        vector = Vector.SS;
      }
    }
    if (vector == Vector.DB) {
      // The handler may use the debug registers.
      long dr7 = state + StateLayout.DR7;
      RawMemory.putLong(dr7, RawMemory.getLong(dr7) & ~DR7_GENERAL_DETECT);
    }
    while (true) {
      faults++;
      if (vector != Vector.DB) {
        // Faults show RF set, so that an instruction breakpoint is not met twice.
        eflags(eflags() | RF);
      }
      try {
        events.deliver(vector, error, Events.Source.EXCEPTION);
        return true;
      } catch (GuestFault second) {
        nonCanonical = false;
        taskSwitched = false;
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

  /** Delivers {@link Mmu#pendingFault} for translated code; false for a triple fault. */
  boolean deliverFault() {
    shutDown = !raiseFault();
    return !shutDown;
  }

  private static boolean contributory(int vector) {
    return vector == Vector.DE || (vector >= Vector.TS && vector <= Vector.GP);
  }

  /** Executes one instruction, with breakpoints, trap flag and interrupt shadow. */
  private Exit step() {
    int shadow = RawMemory.getInt(state + StateLayout.INTERRUPT_SHADOW);
    boolean trap = (eflags() & TF) != 0;
    if (shadow != STACK_SHADOW && (eflags() & RF) == 0 && breakpoint()) {
      fault(Vector.DB, 0);
      return raiseFault() ? null : Exit.TRIPLE_FAULT;
    }
    RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, 0);
    eflags(eflags() & ~RF);
    watchHits = 0;
    stepCancelled = false;
    stepping = true;
    boolean faulted;
    try {
      faulted = interpreter.run(interpreter.enterSingle(rip()));
    } catch (GuestFault f) {
      faulted = true;
    }
    stepping = false;
    if (faulted) {
      dueTraps = 0;
      return raiseFault() ? null : Exit.TRIPLE_FAULT;
    }
    if (midString) {
      // The instruction goes on, and has met its breakpoint.
      eflags(eflags() | RF);
    }
    long traps = watchHits | (trap && !stepCancelled ? DR6_STEP : 0);
    watchHits = 0;
    if (RawMemory.getInt(state + StateLayout.INTERRUPT_SHADOW) == STACK_SHADOW) {
      // The step is lost, what the load of SS hit is only late.
      dueTraps |= traps & ~DR6_STEP;
    } else if ((traps | dueTraps) != 0) {
      midString = false;
      Exit exit = debugTrap(traps);
      if (exit != null) {
        return exit;
      }
    }
    updateMode();
    return null;
  }

  /** Takes the debug traps {@code traps} (bits of DR6) and those that are due. */
  private Exit debugTrap(long traps) {
    long dr6 = RawMemory.getLong(state + StateLayout.DR6);
    RawMemory.putLong(state + StateLayout.DR6, dr6 & ~15L | traps | dueTraps);
    dueTraps = 0;
    // A trap that HLT leaves ends the halt.
    lower(PENDING_HALT);
    fault(Vector.DB, 0);
    return raiseFault() ? null : Exit.TRIPLE_FAULT;
  }

  /** Whether DR7 has an instruction breakpoint at RIP; sets DR6. */
  private boolean breakpoint() {
    long dr7 = RawMemory.getLong(state + StateLayout.DR7);
    if ((dr7 & 0xff) == 0) {
      return false;
    }
    long linear = code64 ? rip() : rip() + base(StateLayout.CS) & 0xffffffffL;
    long hits = 0;
    for (int i = 0; i < 4; i++) {
      if ((dr7 >>> (2 * i) & 3) != 0
          && (dr7 >>> (16 + 4 * i) & 15) == 0
          && RawMemory.getLong(state + StateLayout.DR + 8L * i) == linear) {
        hits |= 1L << i;
      }
    }
    if (hits != 0) {
      long dr6 = RawMemory.getLong(state + StateLayout.DR6);
      RawMemory.putLong(state + StateLayout.DR6, dr6 & ~15L | hits);
    }
    return hits != 0;
  }

  // ---- what operations ask for
  // --------------------------------------------------------------------

  /** Counts words of dense code as instructions: two words each. */
  void retire(long words) {
    long at = state + StateLayout.INSTRUCTIONS;
    RawMemory.putLong(at, RawMemory.getLong(at) + (words >> 1));
  }

  /** A near target of 64-bit code must be canonical. */
  void checkTarget(long target) {
    if (target << 16 >> 16 != target) {
      throw fault(Vector.GP, 0);
    }
  }

  /** As {@link #checkTarget}, for a call: a stack that cannot be written faults first. */
  void checkCall(long target, long stack) {
    if (target << 16 >> 16 != target) {
      probe(stack, 8, WRITE, mmuMode);
      throw fault(Vector.GP, 0);
    }
  }

  @Override
  public long timestamp() {
    return time.ticks() + RawMemory.getLong(state + StateLayout.TSC_OFFSET);
  }

  @Override
  public void timestamp(long ticks) {
    RawMemory.putLong(state + StateLayout.TSC_OFFSET, ticks - time.ticks());
    interrupts.timestampCounterChanged();
    msrs.timestampMoved();
  }

  @Override
  public String failure() {
    return "";
  }

  /** Moves the time stamp counter by {@code delta} ticks. */
  void adjustTimestamp(long delta) {
    RawMemory.putLong(
        state + StateLayout.TSC_OFFSET, RawMemory.getLong(state + StateLayout.TSC_OFFSET) + delta);
    RawMemory.putLong(
        state + StateLayout.TSC_ADJUST, RawMemory.getLong(state + StateLayout.TSC_ADJUST) + delta);
    interrupts.timestampCounterChanged();
  }

  void cpuid() {
    int leaf = (int) gpr(RAX);
    cpuid.leaf(
        (int) gpr(RAX),
        (int) gpr(RCX),
        (cr(4) & CR4_OSXSAVE) != 0,
        RawMemory.getLong(state + StateLayout.XCR0));
    gpr(RAX, cpuid.eax & 0xffffffffL);
    gpr(RBX, cpuid.ebx & 0xffffffffL);
    gpr(RCX, cpuid.ecx & 0xffffffffL);
    boolean apicOff = leaf == 1 && (interrupts.base() & APIC_ENABLED) == 0;
    gpr(RDX, cpuid.edx & (apicOff ? ~CPUID_APIC : -1) & 0xffffffffL);
  }

  /** KVM's hypercalls: none is promised, so each returns -ENOSYS. */
  void hypercall() {
    if (cpl != 0) {
      throw fault(Vector.UD, 0);
    }
    gpr(RAX, code64 ? -1000L : -1000L & 0xffffffffL);
  }

  @Override
  Translations translations() {
    return translations;
  }

  /** What executes instructions by their decoded operands. */
  Units units() {
    return units;
  }

  private void flushJumps() {
    if (translations != null) {
      translations.flush();
    }
  }

  @Override
  void flushTranslations() {
    flushTlb();
    cache.flush();
    flushJumps();
  }

  @Override
  void flushTranslation(long linear) {
    if (linear < 0 || walker.largeBelow || !longMode()) {
      // A large page may be cached as many small ones.
      flushTranslations();
      return;
    }
    flushPage(linear);
    cache.flushPage(linear);
    if (translations != null) {
      translations.flushPage(linear);
    }
  }

  /**
   * MOV to CR3: translations of pages that are not global end.
   *
   * @param before its value until now
   * @param identified whether address spaces have identifiers
   * @param keep whether those of the new address space may be kept from when it was left
   */
  void switchAddressSpace(long before, boolean identified, boolean keep) {
    int generation = translations == null ? 0 : translations.generation();
    int space = -1;
    if (identified) {
      leaveSpace(before, generation);
      flushLocal();
      if (keep) {
        space = enterSpace(cr(3));
      } else {
        spaces.forget(cr(3));
      }
    } else {
      flushLocal();
    }
    cache.flushLocal();
    if (translations != null) {
      translations.switchSpace(space < 0 ? -1 : spaces.generation(space));
    }
  }
}
