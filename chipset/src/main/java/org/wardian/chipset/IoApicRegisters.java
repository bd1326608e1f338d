package org.wardian.chipset;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * All registers of an I/O APIC at one moment (82093AA data sheet §3), whoever implements the chip,
 * and the levels of its pins. Bits that do not exist are dropped.
 *
 * @param entries the 24 entries of the redirection table, 64 bits each
 * @param asserted the levels of the pins, bit n of pin n
 * @param selected IOREGSEL, 8 bits
 * @param id the APIC ID, 8 bits
 */
public record IoApicRegisters(List<Long> entries, int asserted, int selected, int id) {
  static final long MASKED = 1 << 16;
  static final long LEVEL = 1 << 15;
  static final long REMOTE_IRR = 1 << 14;
  static final long LOGICAL = 1 << 11;
  static final long DELIVERY_STATUS = 1 << 12;
  static final long WRITABLE = 0xff00_0000_0001_ffffL & ~(REMOTE_IRR | DELIVERY_STATUS);

  private static final int STATE_VERSION = 1;
  private static final int ALL_PINS = (1 << IoApic.PINS) - 1;

  /**
   * Brings the values into the form described above.
   *
   * @throws IllegalArgumentException if there are not 24 entries
   */
  public IoApicRegisters {
    if (entries.size() != IoApic.PINS) {
      throw new IllegalArgumentException(entries.size() + " redirection table entries");
    }
    entries =
        entries.stream()
            .map(entry -> entry & (WRITABLE | ((entry & LEVEL) != 0 ? REMOTE_IRR : 0)))
            .toList();
    asserted &= ALL_PINS;
    selected &= 0xff;
    id &= 0xff;
  }

  /**
   * The registers after reset.
   *
   * @param id the APIC ID
   * @param asserted the levels of the pins, which reset does not change
   */
  public static IoApicRegisters reset(int id, int asserted) {
    return new IoApicRegisters(Collections.nCopies(IoApic.PINS, MASKED), asserted, 0, id);
  }

  /** Whether a pin is level-triggered. */
  public boolean levelTriggered(int pin) {
    return (entries.get(pin) & LEVEL) != 0;
  }

  /** The delivery mode of a pin: {@link ApicMessage#FIXED} and so on. */
  public int deliveryMode(int pin) {
    return (int) (entries.get(pin) >>> 8) & 7;
  }

  /**
   * Writes the record of the chip.
   *
   * @param name the device's name
   */
  public void save(String name, StateWriter out) {
    out.begin(name, STATE_VERSION);
    entries.forEach(out::writeLong);
    out.writeInt(asserted);
    out.writeByte(selected);
    out.writeByte(id);
    out.end();
  }

  /**
   * Reads the record of the chip.
   *
   * @param name the device's name
   * @throws StateException if it is not such a record
   */
  public static IoApicRegisters load(String name, StateReader in) {
    in.begin(name, STATE_VERSION);
    List<Long> entries = new ArrayList<>();
    for (int pin = 0; pin < IoApic.PINS; pin++) {
      entries.add(in.readLong());
    }
    IoApicRegisters registers =
        new IoApicRegisters(entries, in.readInt(), in.readByte(), in.readByte());
    in.end();
    return registers;
  }
}
