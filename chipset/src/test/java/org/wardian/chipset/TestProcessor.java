package org.wardian.chipset;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.InterruptTarget;
import org.wardian.bus.Timers;
import org.wardian.bus.TimestampCounter;

/** A processor with its local APIC: takes interrupts when a test says so. */
final class TestProcessor implements InterruptTarget, TimestampCounter {
  static final int PHYSICAL_ADDRESS_BITS = 40;

  final LocalApic apic;
  final List<String> events = new ArrayList<>();
  boolean pending;
  long counterOffset;
  private final Timers timers;

  TestProcessor(int id, ApicBus bus, Timers timers) {
    this.timers = timers;
    this.apic = new LocalApic(id, id == 0, PHYSICAL_ADDRESS_BITS, bus, timers, this);
    apic.connect(this);
  }

  /** Software-enables the APIC, with spurious vector 0xff. */
  TestProcessor enabled() {
    write(ApicRegister.SVR, 0x1ff);
    return this;
  }

  /** Switches to x2APIC mode. */
  TestProcessor x2apic() {
    apic.writeMsr(0x1b, apic.base() | LocalApic.BASE_X2APIC);
    return this;
  }

  boolean isX2apic() {
    return (apic.base() & LocalApic.BASE_X2APIC) != 0;
  }

  int read(int register) {
    return isX2apic()
        ? (int) apic.readMsr(0x800 + (register >> 4))
        : (int) apic.readRegister(register, 4);
  }

  void write(int register, int value) {
    if (isX2apic()) {
      apic.writeMsr(0x800 + (register >> 4), Integer.toUnsignedLong(value));
    } else {
      apic.writeRegister(register, 4, Integer.toUnsignedLong(value));
    }
  }

  /** Sends an interprocessor interrupt in the format of the APIC's mode. */
  void send(int destination, int command) {
    if (isX2apic()) {
      apic.writeMsr(0x830, (long) destination << 32 | Integer.toUnsignedLong(command));
    } else {
      write(ApicRegister.ICR_HIGH, destination << 24);
      write(ApicRegister.ICR_LOW, command);
    }
  }

  void endOfInterrupt() {
    write(ApicRegister.EOI, 0);
  }

  /** All vectors deliverable now, each ended at once. */
  List<Integer> takeAll() {
    List<Integer> vectors = new ArrayList<>();
    while (apic.pending()) {
      vectors.add(apic.acknowledge());
      endOfInterrupt();
      if (vectors.size() > 256) {
        throw new AssertionError("an interrupt storm: " + vectors);
      }
    }
    return vectors;
  }

  @Override
  public void interrupt(boolean nowPending) {
    pending = nowPending;
  }

  @Override
  public void nmi() {
    events.add("nmi");
  }

  @Override
  public void init() {
    events.add("init");
  }

  @Override
  public void startup(int vector) {
    events.add("startup " + vector);
  }

  /** Two ticks a nanosecond. */
  @Override
  public long ticks() {
    return 2 * timers.nanoseconds() + counterOffset;
  }

  @Override
  public long frequencyHz() {
    return 2_000_000_000L;
  }
}
