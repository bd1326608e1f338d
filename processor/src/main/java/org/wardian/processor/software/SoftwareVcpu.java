package org.wardian.processor.software;

import java.util.LinkedHashMap;
import java.util.Map;
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
  /** {@link StateLayout#PENDING}: memory asks something, see {@link MemoryRequests}. */
  static final int PENDING_MEMORY = 1 << 16;

  /** {@link StateLayout#PENDING}: {@link ProfileTicks} asks where we are. */
  static final int PENDING_SAMPLE = 1 << 18;

  /** {@link StateLayout#PENDING}: another vCPU wants this one to stand still. */
  static final int PENDING_GATHER = 1 << 19;

  final CpuModel model;
  final TimestampCounter time;

  /** What KVM's paravirtual clock is ahead of {@link #time}, in nanoseconds. */
  long clockLead;

  private final Mapping block;
  final Cpuid cpuid;
  final CodeCache cache;
  private final MemoryRequests requests;
  private final Units units;
  private final Interpreter interpreter;
  private final InterruptShadow shadow = new InterruptShadow(this);
  private final Signals signals;
  private final FaultDelivery delivery;
  private final SingleStep single;
  private final PendingWork work;

  /** Null where all code is interpreted. */
  private Translations translations;

  private final Msrs msrs;

  private final VcpuGroup group;
  private final SpinWatch spins = new SpinWatch();
  private int codeNumber;

  /** Executes instructions, so that its tables are its own; written under the group's monitor. */
  volatile boolean executing;

  /** No interrupt can wake it; under the group's monitor. */
  boolean sleepsForGood;

  /** Translated code met a triple fault. */
  private boolean shutDown;

  /**
   * What a vCPU is connected to.
   *
   * @param model what CPUID promises
   * @param cpuid its answers for this processor
   * @param memory guest-physical memory
   * @param ports the port bus
   * @param mmio the memory-mapped devices
   * @param interrupts its local interrupt controller
   * @param time what its time stamp counter is derived from
   */
  public record Wiring(
      CpuModel model,
      Cpuid cpuid,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts,
      TimestampCounter time) {}

  /** The only one of its memory, translated where the system property says so. */
  public static SoftwareVcpu create(Wiring wiring) {
    boolean translated = Boolean.getBoolean("wardian.translator") || Lockstep.ENABLED;
    return create(wiring, translated, new VcpuGroup());
  }

  /**
   * A vCPU in its power-on state.
   *
   * @param translated whether code is translated to host code
   * @param group the vCPUs that share its memory
   */
  public static SoftwareVcpu create(Wiring wiring, boolean translated, VcpuGroup group) {
    Mapping block = Mapping.anonymous((Mmu.blockSize() + 4095) & -4096L);
    return new SoftwareVcpu(block, wiring, translated, group);
  }

  private SoftwareVcpu(Mapping block, Wiring wiring, boolean translated, VcpuGroup group) {
    super(block.address(), wiring.memory(), wiring.ports(), wiring.mmio(), wiring.interrupts());
    this.block = block;
    this.model = wiring.model();
    this.cpuid = wiring.cpuid();
    this.time = wiring.time();
    this.group = group;
    this.cache = new CodeCache(this, new Decoder(model), group.capacity());
    this.requests = new MemoryRequests(this, cache);
    this.signals = new Signals(this, group, requests, shadow);
    Segmentation segmentation = new Segmentation(this);
    TaskSwitch tasks = new TaskSwitch(this, segmentation);
    FarTransfers far = new FarTransfers(this, segmentation, tasks);
    Events events = new Events(this, segmentation, tasks);
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
    this.delivery = new FaultDelivery(this, events);
    this.single = new SingleStep(this, interpreter, delivery);
    this.work = new PendingWork(this, requests, signals, shadow, single, delivery);
    this.translations = translated ? new Translations(this) : null;
    reset();
    codeNumber = requests.open();
    group.join(this);
  }

  // ---- life cycle

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
    shadow.cast();
    signals.store();
    RawMemory.putLong(state + StateLayout.DUE_TRAPS, dueTraps);
    return state;
  }

  @Override
  public void stateChanged() {
    shadow.forget();
    signals.load();
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
    counters.put("interrupts", delivery.interrupts());
    counters.put("exceptions", delivery.exceptions());
    if (translations != null) {
      translations.count(counters);
    }
    return counters;
  }

  @Override
  public void close() {
    group.leave(this);
    work.close();
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
    observation.profile().ifPresent(wanted -> work.profile(new ProfileTicks(this, wanted)));
  }

  // ---- signals from outside

  @Override
  public void interrupt(boolean pending) {
    signals.interrupt(pending);
  }

  @Override
  public void nmi() {
    signals.nmi();
  }

  @Override
  public void init() {
    signals.init();
  }

  @Override
  public void startup(int vector) {
    signals.startup(vector);
  }

  @Override
  public void kick() {
    raise(PENDING_STOP);
    signals.wake();
  }

  /** Whether a thread is in {@link #run}. */
  boolean runs() {
    return signals.runs();
  }

  /** Has {@link MemoryRequests#serve} called soon; any thread. */
  void attention() {
    raise(PENDING_MEMORY);
    signals.wake();
  }

  /** Looks again whether an interrupt can be taken: IF, TPR or the controller changed. */
  @Override
  void interruptsChanged() {
    if (signals.line()) {
      raise(PENDING_INTERRUPT);
    }
  }

  /** STI, with the next instruction's RIP set: whether its shadow can wait until it matters. */
  boolean shadowLazily() {
    if (translations == null || signals.any()) {
      return false;
    }
    shadow.lazily(nextRip);
    return true;
  }

  /** MOV SS and POP SS: no interrupt and no debug trap before the instruction after the next. */
  @Override
  void stackShadow() {
    shadow.stack();
  }

  void halt() {
    raise(Signals.PENDING_HALT);
  }

  /** Whether IRET has nothing to do for NMIs. */
  boolean nmiOpen() {
    return signals.nmiOpen();
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
    signals.nmiUnblocked();
  }

  // ---- the run loop

  @Override
  public Exit run() {
    requests.enter();
    signals.enter();
    group.enter(this);
    try {
      if (RawMemory.getLong(state + StateLayout.EVENT) != 0 && !delivery.again()) {
        return Exit.TRIPLE_FAULT;
      }
      while (true) {
        int pending = pending();
        if (pending != 0) {
          Exit exit = work.attend(pending);
          if (exit != null) {
            return exit;
          }
          if ((pending() & PENDING_STEP) != 0) {
            exit = single.step();
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
        if (faulted && !delivery.raise()) {
          return Exit.TRIPLE_FAULT;
        }
      }
    } finally {
      group.exit(this);
      signals.leave();
      requests.leave();
    }
  }

  /** Takes over architectural state that was written past the setters. */
  void stateDerived() {
    flushTranslations();
    updateMode();
    interruptsChanged();
  }

  /** PAUSE: other threads of the host may go on where this one spins. */
  void pause() {
    spins.pause();
  }

  /**
   * It is one of its group, as at first, or none: it does not execute, and nobody waits for it. No
   * vCPU of the group runs meanwhile.
   */
  public void present(boolean there) {
    group.leave(this);
    if (there) {
      group.join(this);
    }
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

  /** Delivers {@link Mmu#pendingFault} for translated code; false for a triple fault. */
  boolean deliverFault() {
    shutDown = !delivery.raise();
    return !shutDown;
  }

  // ---- what operations ask for

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

  /** Makes KVM's paravirtual clock be so many nanoseconds ahead of the counter's own time. */
  public void clockLead(long nanoseconds) {
    clockLead = nanoseconds;
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
    if (linear < 0 || largeBelow || !longMode()) {
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
