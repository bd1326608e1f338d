package org.wardian.chipset;

import static org.wardian.chipset.ApicRegister.APR;
import static org.wardian.chipset.ApicRegister.CURRENT_COUNT;
import static org.wardian.chipset.ApicRegister.DFR;
import static org.wardian.chipset.ApicRegister.DIVIDE_CONFIGURATION;
import static org.wardian.chipset.ApicRegister.EOI;
import static org.wardian.chipset.ApicRegister.ESR;
import static org.wardian.chipset.ApicRegister.ESR_ILLEGAL_REGISTER;
import static org.wardian.chipset.ApicRegister.ESR_SEND_ILLEGAL_VECTOR;
import static org.wardian.chipset.ApicRegister.ICR_HIGH;
import static org.wardian.chipset.ApicRegister.ICR_LOW;
import static org.wardian.chipset.ApicRegister.ICR_WRITABLE;
import static org.wardian.chipset.ApicRegister.ID;
import static org.wardian.chipset.ApicRegister.INITIAL_COUNT;
import static org.wardian.chipset.ApicRegister.ISR;
import static org.wardian.chipset.ApicRegister.LDR;
import static org.wardian.chipset.ApicRegister.LVT_ERROR;
import static org.wardian.chipset.ApicRegister.LVT_MASKED;
import static org.wardian.chipset.ApicRegister.LVT_TIMER;
import static org.wardian.chipset.ApicRegister.PPR;
import static org.wardian.chipset.ApicRegister.RRD;
import static org.wardian.chipset.ApicRegister.SELF_IPI;
import static org.wardian.chipset.ApicRegister.SVR;
import static org.wardian.chipset.ApicRegister.SVR_ENABLE;
import static org.wardian.chipset.ApicRegister.SVR_WRITABLE;
import static org.wardian.chipset.ApicRegister.TPR;
import static org.wardian.chipset.ApicRegister.VERSION;
import static org.wardian.chipset.ApicRegister.isLvt;
import static org.wardian.chipset.ApicRegister.lvtWritable;
import static org.wardian.chipset.ApicRegister.readableMsr;
import static org.wardian.chipset.ApicRegister.writableMsr;

import org.wardian.bus.InterruptTarget;
import org.wardian.bus.InvalidMsrException;
import org.wardian.bus.LocalInterruptController;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;
import org.wardian.bus.TimestampCounter;

/**
 * The interrupt controller of one processor in xAPIC and x2APIC mode (Intel SDM vol. 3, chapter
 * "Advanced Programmable Interrupt Controller"), version 0x14 with six local vector table entries.
 *
 * <p>Its own monitor guards its state. It calls its {@link InterruptTarget} with the monitor held,
 * and other APICs, IOAPICs and the PIC without.
 */
public final class LocalApic implements LocalInterruptController {
  /** The bus clock that the timer counts before division. */
  public static final long BUS_FREQUENCY_HZ = 1_000_000_000L;

  /** Where the register page lies after reset. */
  public static final long DEFAULT_BASE = 0xfee00000L;

  /** IA32_APIC_BASE: this is the bootstrap processor. */
  public static final long BASE_BOOTSTRAP = 1 << 8;

  /** IA32_APIC_BASE: x2APIC mode. */
  public static final long BASE_X2APIC = 1 << 10;

  /** IA32_APIC_BASE: globally enabled. */
  public static final long BASE_ENABLED = 1 << 11;

  private static final int VERSION_VALUE = 0x00050014;

  private final int id;
  private final boolean bootstrap;
  private final long baseWritable;
  private final ApicBus bus;
  private final ApicTimer timer;
  private final InterruptRequests requests = new InterruptRequests(this::initialize);

  private long base;
  private int xapicId;
  private int ldr;
  private int dfr;
  private int svr;
  private int esr;
  private long icr;

  /**
   * Makes the APIC of a processor in its reset state and attaches it to the bus.
   *
   * @param id the initial APIC ID, 0 to 254
   * @param bootstrap whether this is the bootstrap processor. Its LINT0 begins as ExtINT, unmasked,
   *     as firmware leaves it for the PIC (Intel MultiProcessor Specification §3.6.2.2)
   * @param physicalAddressBits the processor's physical address width, 32 to 52
   */
  public LocalApic(
      int id,
      boolean bootstrap,
      int physicalAddressBits,
      ApicBus bus,
      Timers timers,
      TimestampCounter counter) {
    if (id < 0 || id > 254) {
      throw new IllegalArgumentException("APIC ID " + id + " is not within 0 to 254");
    }
    this.id = id;
    this.bootstrap = bootstrap;
    this.baseWritable =
        ((1L << physicalAddressBits) - 1) & ~0xfffL | BASE_BOOTSTRAP | BASE_X2APIC | BASE_ENABLED;
    this.bus = bus;
    this.timer = new ApicTimer(timers, counter, "apic" + id + "-timer", this::timerExpired);
    reset();
    bus.attach(this);
  }

  /** Connects the processor. It is told at once whether an interrupt is pending. */
  public synchronized void connect(InterruptTarget processor) {
    requests.connect(processor);
  }

  /** The initial APIC ID, which is also the x2APIC ID. */
  public int id() {
    return id;
  }

  @Override
  public String name() {
    return "apic" + id;
  }

  @Override
  public synchronized void reset() {
    restore(LocalApicRegisters.reset(id, bootstrap));
  }

  /** The state after INIT; IA32_APIC_BASE and with it the mode are kept. */
  private void initialize() {
    restore(LocalApicRegisters.initial(base, id));
  }

  // What the processor asks.

  @Override
  public int acknowledge() {
    synchronized (this) {
      int vector = requests.takeVector();
      if (vector >= 0 || !requests.takeExternal()) {
        return vector;
      }
    }
    // Without the monitor: the PIC lowers its line, and takes its own lock first to do so.
    int vector = bus.acknowledgeExternal();
    synchronized (this) {
      requests.update();
    }
    return vector;
  }

  @Override
  public boolean pending() {
    return requests.pending();
  }

  @Override
  public synchronized long base() {
    return base;
  }

  @Override
  public synchronized int taskPriority() {
    return requests.taskPriority() >>> 4;
  }

  @Override
  public synchronized void taskPriority(int cr8) {
    requests.taskPriority((cr8 & 0xf) << 4);
  }

  @Override
  public synchronized void timestampCounterChanged() {
    raiseTimerIf(timer.settle());
  }

  // Registers.

  @Override
  public long readRegister(int offset, int size) {
    int within = offset & 0xf;
    int value = within < 4 ? readXapic(offset & 0xff0) >>> (8 * within) : 0;
    return switch (size) {
      case 1 -> value & 0xff;
      case 2 -> value & 0xffff;
      default -> Integer.toUnsignedLong(value);
    };
  }

  private synchronized int readXapic(int offset) {
    switch (offset) {
      case ID:
        return xapicId << 24;
      case APR, RRD:
        return 0;
      case LDR:
        return ldr;
      case DFR:
        return dfr;
      case ICR_HIGH:
        return (int) (icr >>> 32);
      case EOI:
        return 0;
      default:
        if (readableMsr(offset)) {
          return readCommon(offset);
        }
        requests.error(ESR_ILLEGAL_REGISTER);
        return 0;
    }
  }

  /** Registers that read alike in both modes. */
  private int readCommon(int offset) {
    return switch (offset) {
      case VERSION -> VERSION_VALUE;
      case TPR -> requests.taskPriority();
      case PPR -> requests.processorPriority();
      case SVR -> svr;
      case ESR -> esr;
      case ICR_LOW -> (int) icr;
      case INITIAL_COUNT -> timer.initialCount();
      case CURRENT_COUNT -> timer.currentCount();
      case DIVIDE_CONFIGURATION -> timer.divideConfiguration();
      default -> isLvt(offset) ? requests.entry(offset) : requests.word(offset);
    };
  }

  @Override
  public void writeRegister(int offset, int size, long value) {
    // Anything but an aligned 32-bit write is undefined; a wider one writes its low half.
    if ((offset & 0xf) != 0 || size < 4) {
      return;
    }
    int bits = (int) value;
    switch (offset) {
      case EOI -> endOfInterrupt();
      case ICR_LOW -> sendInterrupt(icrHigh() | bits & ICR_WRITABLE, false);
      default -> writeXapic(offset, bits);
    }
  }

  private synchronized long icrHigh() {
    return icr & 0xffffffff_00000000L;
  }

  private synchronized void writeXapic(int offset, int value) {
    switch (offset) {
      case ID -> xapicId = value >>> 24;
      case LDR -> ldr = value & 0xff000000;
      case DFR -> dfr = value | 0x0fffffff;
      case ICR_HIGH -> icr = icr & 0xffffffffL | (value & 0xff000000L) << 32;
      case VERSION, APR, PPR, RRD, CURRENT_COUNT -> {} // read-only
      default -> {
        if (offset != SELF_IPI && writableMsr(offset) >= 0) {
          writeCommon(offset, value);
        } else if (offset < ISR || offset >= ESR) {
          requests.error(ESR_ILLEGAL_REGISTER);
        }
      }
    }
  }

  /** Registers that are written alike in both modes. */
  private void writeCommon(int offset, int value) {
    switch (offset) {
      case TPR -> requests.taskPriority(value & 0xff);
      case SVR -> writeSpurious(value & SVR_WRITABLE);
      case ESR -> esr = requests.takeErrors();
      case INITIAL_COUNT -> {
        raiseTimerIf(timer.settle());
        timer.initialCount(value);
      }
      case DIVIDE_CONFIGURATION -> {
        raiseTimerIf(timer.settle());
        timer.divideConfiguration(value);
      }
      default -> writeLvt(offset, value);
    }
  }

  private void raiseTimerIf(boolean due) {
    if (due) {
      requests.raise(LVT_TIMER);
    }
  }

  private void writeSpurious(int value) {
    svr = value;
    if (!softwareEnabled()) {
      for (int offset = LVT_TIMER; offset <= LVT_ERROR; offset += 0x10) {
        writeLvt(offset, requests.entry(offset));
      }
    }
  }

  private void writeLvt(int offset, int value) {
    int entry = value & lvtWritable(offset);
    if (!softwareEnabled()) {
      entry |= LVT_MASKED;
    }
    if (offset == LVT_TIMER) {
      raiseTimerIf(timer.settle());
      timer.configure(entry >>> 17 & 3, (entry & LVT_MASKED) != 0);
    }
    requests.entry(offset, entry);
  }

  // Model-specific registers.

  @Override
  public long readMsr(int msr) {
    synchronized (this) {
      if (msr == IA32_APIC_BASE) {
        return base;
      }
      if (msr == IA32_TSC_DEADLINE) {
        return timer.deadline();
      }
      int offset = (msr & 0xff) << 4;
      if (!x2apic() || !isApicMsr(msr) || !readableMsr(offset)) {
        throw new InvalidMsrException(msr);
      }
      return switch (offset) {
        case ID -> id;
        case LDR -> Integer.toUnsignedLong(x2apicLogicalId());
        case ICR_LOW -> icr;
        default -> Integer.toUnsignedLong(readCommon(offset));
      };
    }
  }

  @Override
  public void writeMsr(int msr, long value) {
    if (msr == IA32_APIC_BASE) {
      writeBase(value);
    } else if (msr == IA32_TSC_DEADLINE) {
      synchronized (this) {
        raiseTimerIf(timer.settle());
        raiseTimerIf(timer.deadline(value));
      }
    } else {
      writeX2apic(msr, value);
    }
  }

  private void writeX2apic(int msr, long value) {
    int offset = (msr & 0xff) << 4;
    synchronized (this) {
      long writable = isApicMsr(msr) ? writableMsr(offset) : -1;
      if (!x2apic() || writable == -1 || (value & ~writable) != 0) {
        throw new InvalidMsrException(msr);
      }
    }
    switch (offset) {
      case EOI -> endOfInterrupt();
      case ICR_LOW -> sendInterrupt(value & (0xffffffff_00000000L | ICR_WRITABLE), true);
      case SELF_IPI -> sendSelf((int) value);
      default -> {
        synchronized (this) {
          writeCommon(offset, (int) value);
        }
      }
    }
  }

  private synchronized void writeBase(long value) {
    boolean enable = (value & BASE_ENABLED) != 0;
    boolean extend = (value & BASE_X2APIC) != 0;
    boolean enabled = (base & BASE_ENABLED) != 0;
    boolean illegal =
        (value & ~baseWritable) != 0
            || extend && !enable
            || extend && !enabled
            || enable && !extend && x2apic();
    if (illegal) {
      throw new InvalidMsrException(IA32_APIC_BASE);
    }
    base = value;
    if (!enable && enabled) {
      initialize();
    } else if (x2apic()) {
      // The mode can be left only through a reset; it has no use for what is particular to xAPIC.
      xapicId = id;
      ldr = 0;
      dfr = -1;
    }
    requests.enable(enable);
  }

  private static boolean isApicMsr(int msr) {
    return msr >= 0x800 && msr <= 0x83f;
  }

  // Sending.

  private void sendInterrupt(long value, boolean wide) {
    InterruptCommand command = new InterruptCommand(value, wide);
    synchronized (this) {
      icr = value;
      if (!command.hasLegalVector()) {
        requests.error(ESR_SEND_ILLEGAL_VECTOR);
        return;
      }
    }
    command.send(bus, this);
  }

  private synchronized void sendSelf(int vector) {
    if (vector < InterruptCommand.FIRST_LEGAL_VECTOR) {
      requests.error(ESR_SEND_ILLEGAL_VECTOR);
    } else {
      accept(ApicMessage.FIXED, vector, false);
    }
  }

  private void endOfInterrupt() {
    int vector;
    synchronized (this) {
      vector = requests.end();
      if (vector < 0 || !requests.isLevelTriggered(vector)) {
        return;
      }
    }
    bus.endOfInterrupt(vector);
  }

  // Receiving: called by the bus.

  /** Takes a message; whether this APIC could accept it. */
  synchronized boolean accept(int deliveryMode, int vector, boolean level) {
    boolean fixed = deliveryMode <= ApicMessage.LOWEST_PRIORITY;
    if ((base & BASE_ENABLED) == 0 || fixed && !softwareEnabled()) {
      return false;
    }
    requests.accept(deliveryMode, vector, level);
    return true;
  }

  synchronized boolean acceptsFixed() {
    return (base & BASE_ENABLED) != 0 && softwareEnabled();
  }

  synchronized int processorPriorityClass() {
    return requests.processorPriority() >>> 4;
  }

  synchronized boolean isDestination(ApicMessage message) {
    if ((base & BASE_ENABLED) == 0) {
      return false;
    }
    return x2apic()
        ? message.reachesX2apic(id, x2apicLogicalId())
        : message.reachesXapic(xapicId, ldr >>> 24, dfr >>> 28);
  }

  /** Drives local interrupt pin 0 or 1. */
  synchronized void localInterrupt(int pin, boolean level) {
    requests.pin(pin, level);
  }

  private synchronized void timerExpired() {
    raiseTimerIf(timer.settle());
  }

  private boolean softwareEnabled() {
    return (svr & SVR_ENABLE) != 0;
  }

  private boolean x2apic() {
    return (base & BASE_X2APIC) != 0;
  }

  private int x2apicLogicalId() {
    return id >>> 4 << 16 | 1 << (id & 15);
  }

  // Saved state.

  /** All registers now. */
  public synchronized LocalApicRegisters registers() {
    raiseTimerIf(timer.settle());
    return new LocalApicRegisters(
        base,
        xapicId,
        requests.taskPriority(),
        ldr,
        dfr,
        svr,
        esr,
        requests.errors(),
        icr,
        requests.entries(),
        requests.inService(),
        requests.triggerMode(),
        requests.requested(),
        requests.externalRequested(),
        timer.divideConfiguration(),
        timer.initialCount(),
        timer.currentCount(),
        timer.deadline());
  }

  /**
   * Takes over registers. The time-stamp counter has to be restored before, for the sake of an
   * armed deadline, and the PIC, for the sake of the level of local interrupt pin 0.
   */
  public synchronized void registers(LocalApicRegisters registers) {
    restore(registers);
    requests.restored();
  }

  private void restore(LocalApicRegisters registers) {
    base = registers.base() & baseWritable;
    xapicId = x2apic() ? id : registers.id();
    ldr = registers.logicalDestination();
    dfr = registers.destinationFormat();
    svr = registers.spurious();
    esr = registers.errorStatus();
    icr = registers.interruptCommand();
    requests.registers(registers);
    boolean due = timer.registers(registers);
    requests.enable((base & BASE_ENABLED) != 0);
    raiseTimerIf(due);
  }

  @Override
  public synchronized void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public synchronized void load(StateReader in) {
    registers(LocalApicRegisters.load(name(), in));
  }
}
