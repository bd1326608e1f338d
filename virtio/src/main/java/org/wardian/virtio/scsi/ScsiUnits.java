package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** The units of a host by their addresses: a target's number shifted left by 14, and the unit's. */
final class ScsiUnits {
  private static final int UNIT_BITS = 14;
  private static final int UNITS = 1 << UNIT_BITS;

  private final ConcurrentSkipListMap<Integer, ScsiUnit> units = new ConcurrentSkipListMap<>();

  static int address(int target, int unit) {
    return target << UNIT_BITS | unit;
  }

  static int target(int address) {
    return address >> UNIT_BITS;
  }

  static int unit(int address) {
    return address & UNITS - 1;
  }

  /** A unit's number as 16 bits: in one byte up to 255, flat beyond (SAM-3 §4.9.7 and 4.9.8). */
  static int form(int address) {
    int unit = unit(address);
    return unit < 256 ? unit : 0x4000 | unit;
  }

  /** Adds one; false where the address is taken. */
  boolean add(int address, ScsiUnit unit) {
    return units.putIfAbsent(address, unit) == null;
  }

  /** The unit at an address; null where there is none. */
  ScsiUnit at(int address) {
    return units.get(address);
  }

  ScsiUnit remove(int address) {
    return units.remove(address);
  }

  /** All units, in the order of their addresses. */
  List<ScsiUnit> all() {
    return List.copyOf(units.values());
  }

  /** Whether a target has any unit. */
  boolean has(int target) {
    return !units.subMap(address(target, 0), address(target + 1, 0)).isEmpty();
  }

  /** The units of a target. */
  List<ScsiUnit> of(int target) {
    return List.copyOf(units.subMap(address(target, 0), address(target + 1, 0)).values());
  }

  /**
   * A command for a unit that is not there, of a target that is: the target itself answers some
   * (SPC-3 §6.4.1, table 83; SAM-3 §5.8.4).
   */
  void absent(ScsiTask task, int target) {
    switch (task.operation()) {
      case ScsiUnit.INQUIRY -> task.reply(ScsiUnit.absentInquiry(), task.field16(3));
      case ScsiUnit.REPORT_LUNS -> report(task, target);
      case ScsiUnit.REQUEST_SENSE -> task.reply(Sense.NO_SUCH_UNIT.data(), task.field8(4));
      default -> task.check(Sense.NO_SUCH_UNIT);
    }
  }

  /** REPORT LUNS (SPC-3 §6.21): the units of a target; there are no well-known ones. */
  void report(ScsiTask task, int target) {
    int select = task.field8(2);
    if (select > 2) {
      task.check(Sense.ILLEGAL_FIELD);
      return;
    }
    List<Integer> found =
        select == 1
            ? List.of()
            : List.copyOf(units.subMap(address(target, 0), address(target + 1, 0)).keySet());
    ByteBuffer reply = ByteBuffer.allocate(8 + 8 * found.size());
    reply.putInt(8 * found.size()).putInt(0);
    for (int address : found) {
      reply.putShort((short) form(address)).putShort((short) 0).putInt(0);
    }
    task.reply(reply.array(), (int) Math.min(Integer.MAX_VALUE, task.field32(6)));
  }

  void save(StateWriter out) {
    units.values().forEach(unit -> unit.save(out));
    out.writeInt(units.size());
    units.keySet().forEach(out::writeInt);
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws StateException where other units were there
   */
  void load(StateReader in) {
    units.values().forEach(unit -> unit.load(in));
    if (!in.hasNext()) {
      return; // Of a release whose targets had one unit each, in the order of their making.
    }
    int count = in.readInt(0, Integer.MAX_VALUE);
    if (count != units.size()) {
      throw new StateException(count + " SCSI units where " + units.size() + " are");
    }
    for (int address : units.keySet()) {
      int saved = in.readInt();
      if (saved != address) {
        throw new StateException(
            "a SCSI unit was at target %d, unit %d, here it is at target %d, unit %d"
                .formatted(target(saved), unit(saved), target(address), unit(address)));
      }
    }
  }
}
