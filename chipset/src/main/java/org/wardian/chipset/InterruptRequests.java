package org.wardian.chipset;

import static org.wardian.chipset.ApicRegister.ESR_RECEIVE_ILLEGAL_VECTOR;
import static org.wardian.chipset.ApicRegister.IRR;
import static org.wardian.chipset.ApicRegister.LVT_ERROR;
import static org.wardian.chipset.ApicRegister.LVT_LEVEL;
import static org.wardian.chipset.ApicRegister.LVT_LINT0;
import static org.wardian.chipset.ApicRegister.LVT_LINT1;
import static org.wardian.chipset.ApicRegister.LVT_MASKED;
import static org.wardian.chipset.ApicRegister.LVT_REMOTE_IRR;
import static org.wardian.chipset.ApicRegister.LVT_TIMER;
import static org.wardian.chipset.ApicRegister.TMR;

import java.util.Arrays;
import java.util.List;
import org.wardian.bus.InterruptTarget;

/**
 * The receiving half of a {@link LocalApic}: what is requested and in service, the local vector
 * table with its two pins, priorities, and the word to the processor (Intel SDM vol. 3, "Local
 * Interrupts" and "Handling Interrupts"). Guarded by the monitor of its APIC.
 */
final class InterruptRequests {
  private static final InterruptTarget UNCONNECTED =
      new InterruptTarget() {
        @Override
        public void interrupt(boolean pending) {}

        @Override
        public void nmi() {}

        @Override
        public void init() {}

        @Override
        public void startup(int vector) {}
      };

  private final Runnable initReceived;
  private final int[] lvt = new int[6];
  private final VectorSet irr = new VectorSet();
  private final VectorSet isr = new VectorSet();
  private final VectorSet tmr = new VectorSet();
  private final boolean[] pins = new boolean[2];
  private InterruptTarget target = UNCONNECTED;
  private boolean enabled;
  private int tpr;
  private int errors;
  private boolean externalRequested;
  private volatile boolean pending;

  /** Makes it; {@code initReceived} puts the whole APIC into the INIT state. */
  InterruptRequests(Runnable initReceived) {
    this.initReceived = initReceived;
  }

  void connect(InterruptTarget processor) {
    target = processor;
    processor.interrupt(pending);
  }

  /** Whether the APIC is globally enabled; a disabled one passes its pins to the processor. */
  void enable(boolean value) {
    enabled = value;
    update();
  }

  // Registers.

  int taskPriority() {
    return tpr;
  }

  void taskPriority(int value) {
    tpr = value;
    update();
  }

  /** The 32 vectors that a word of ISR, TMR or IRR shows. */
  int word(int offset) {
    VectorSet set = offset >= IRR ? irr : offset >= TMR ? tmr : isr;
    return set.word(offset >> 4 & 7);
  }

  int entry(int offset) {
    return lvt[index(offset)];
  }

  /** Writes a local vector table entry whose read-only and reserved bits are masked off already. */
  void entry(int offset, int value) {
    int entry = lvt[index(offset)] & LVT_REMOTE_IRR | value;
    if ((entry & LVT_LEVEL) == 0) {
      entry &= ~LVT_REMOTE_IRR;
    }
    lvt[index(offset)] = entry;
    serveLevelPin(offset);
    update();
  }

  /** Errors since this was last asked. */
  int takeErrors() {
    int taken = errors;
    errors = 0;
    return taken;
  }

  void error(int bit) {
    if ((errors & bit) == 0) {
      errors |= bit;
      raise(LVT_ERROR);
    }
  }

  // What arrives.

  /** Takes a message of any delivery mode but INIT. */
  void accept(int deliveryMode, int vector, boolean level) {
    switch (deliveryMode) {
      case ApicMessage.FIXED, ApicMessage.LOWEST_PRIORITY -> request(vector, level);
      case ApicMessage.NMI -> target.nmi();
      case ApicMessage.INIT -> receiveInit();
      case ApicMessage.STARTUP -> target.startup(vector);
      case ApicMessage.EXTINT -> externalRequested = true;
      default -> {} // SMI: there is no system management mode; 3 is reserved
    }
    update();
  }

  private void receiveInit() {
    initReceived.run();
    target.init();
  }

  /** Drives local interrupt pin 0 or 1. */
  void pin(int pin, boolean level) {
    boolean rising = level && !pins[pin];
    pins[pin] = level;
    int offset = pin == 0 ? LVT_LINT0 : LVT_LINT1;
    if (!enabled) {
      // The pins of a disabled APIC are the processor's INTR and NMI.
      if (pin == 1 && rising) {
        target.nmi();
      }
    } else if (levelTriggered(entry(offset))) {
      serveLevelPin(offset);
    } else if (rising) {
      raise(offset);
    }
    update();
  }

  private static boolean levelTriggered(int entry) {
    return (entry & LVT_LEVEL) != 0 && (entry >>> 8 & 7) == ApicMessage.FIXED;
  }

  private void serveLevelPin(int offset) {
    if (offset != LVT_LINT0 && offset != LVT_LINT1) {
      return;
    }
    int entry = entry(offset);
    boolean free = (entry & (LVT_MASKED | LVT_REMOTE_IRR)) == 0;
    if (levelTriggered(entry) && free && pins[offset == LVT_LINT0 ? 0 : 1]) {
      lvt[index(offset)] |= LVT_REMOTE_IRR;
      request(entry & 0xff, true);
    }
  }

  /** Raises the interrupt of a local vector table entry, unless it is masked. */
  void raise(int offset) {
    int entry = entry(offset);
    if ((entry & LVT_MASKED) != 0) {
      return;
    }
    boolean fixedOnly = offset == LVT_TIMER || offset == LVT_ERROR;
    switch (fixedOnly ? ApicMessage.FIXED : entry >>> 8 & 7) {
      case ApicMessage.FIXED -> request(entry & 0xff, false);
      case ApicMessage.NMI -> target.nmi();
      case ApicMessage.INIT -> receiveInit();
      default -> {} // ExtINT follows the pin's level; SMI goes nowhere
    }
    update();
  }

  private void request(int vector, boolean level) {
    if (vector < InterruptCommand.FIRST_LEGAL_VECTOR) {
      error(ESR_RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    irr.set(vector);
    tmr.put(vector, level);
  }

  // What the processor takes and ends.

  boolean pending() {
    return pending;
  }

  /** Moves the deliverable vector into service; -1 when there is none. */
  int takeVector() {
    int vector = deliverable();
    if (vector >= 0) {
      irr.clear(vector);
      isr.set(vector);
      update();
    }
    return vector;
  }

  /** Whether the PIC is to be asked for a vector; the request by message is thereby used up. */
  boolean takeExternal() {
    boolean external = external();
    externalRequested = false;
    return external;
  }

  /** Ends what has the highest priority in service; its vector, or -1. */
  int end() {
    int vector = isr.highest();
    if (vector >= 0) {
      isr.clear(vector);
      endOfPin(LVT_LINT0, vector);
      endOfPin(LVT_LINT1, vector);
      update();
    }
    return vector;
  }

  private void endOfPin(int offset, int vector) {
    int entry = entry(offset);
    if ((entry & LVT_REMOTE_IRR) != 0 && (entry & 0xff) == vector) {
      lvt[index(offset)] &= ~LVT_REMOTE_IRR;
      serveLevelPin(offset);
    }
  }

  boolean isLevelTriggered(int vector) {
    return tmr.get(vector);
  }

  // Priority.

  int processorPriority() {
    int inService = Math.max(isr.highest(), 0);
    return tpr >>> 4 >= inService >>> 4 ? tpr : inService & 0xf0;
  }

  private int deliverable() {
    int vector = irr.highest();
    return enabled && vector >= 0 && vector >>> 4 > processorPriority() >>> 4 ? vector : -1;
  }

  private boolean external() {
    if (!enabled) {
      return pins[0];
    }
    int entry = entry(LVT_LINT0);
    boolean passes = (entry & LVT_MASKED) == 0 && (entry >>> 8 & 7) == ApicMessage.EXTINT;
    return externalRequested || passes && pins[0];
  }

  void update() {
    boolean now = external() || deliverable() >= 0;
    if (now != pending) {
      pending = now;
      target.interrupt(now);
    }
  }

  private static int index(int lvtOffset) {
    return (lvtOffset - LVT_TIMER) >> 4;
  }

  List<Integer> entries() {
    return Arrays.stream(lvt).boxed().toList();
  }

  List<Integer> inService() {
    return isr.words();
  }

  List<Integer> triggerMode() {
    return tmr.words();
  }

  List<Integer> requested() {
    return irr.words();
  }

  boolean externalRequested() {
    return externalRequested;
  }

  int errors() {
    return errors;
  }

  /** Takes over registers; {@link #restored} follows once the rest of the APIC has. */
  void registers(LocalApicRegisters registers) {
    tpr = registers.taskPriority();
    errors = registers.newErrors();
    Arrays.setAll(lvt, registers.localVectors()::get);
    irr.words(registers.requested());
    isr.words(registers.inService());
    tmr.words(registers.triggerMode());
    externalRequested = registers.externalRequested();
  }

  void restored() {
    update();
    target.interrupt(pending);
  }
}
