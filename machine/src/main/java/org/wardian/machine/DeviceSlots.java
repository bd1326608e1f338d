package org.wardian.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** The devices of a machine, and those that come and go while it lives. */
public final class DeviceSlots {
  private final Board board;
  private final Pauses pauses;

  /** What the machine consists of now: it is what a saved state is compared with. */
  private volatile List<DeviceConfiguration> devices;

  DeviceSlots(Board board, Pauses pauses, List<DeviceConfiguration> devices) {
    this.board = board;
    this.pauses = pauses;
    this.devices = devices;
  }

  /** All devices that can be chosen, as they are now. */
  List<DeviceConfiguration> devices() {
    return devices;
  }

  /**
   * Plugs a device in, where the configuration has {@code hotplug}. The machine is paused, or does
   * not run yet.
   *
   * @throws IllegalArgumentException where there is no such device, or no slot for it
   * @throws IllegalStateException where it does not stand still
   */
  public void plug(DeviceConfiguration device) {
    pauses.requireStanding("a device is plugged in");
    board.plug(device, pauses.started());
    devices = joined(devices, device);
  }

  /** Behind the others of its kind, where the next start's document has it too. */
  private static List<DeviceConfiguration> joined(
      List<DeviceConfiguration> devices, DeviceConfiguration device) {
    List<DeviceConfiguration> all = new ArrayList<>(devices);
    int at = all.size();
    for (int i = all.size() - 1; i >= 0; i--) {
      if (kind(all.get(i)).equals(kind(device)) && all.get(i).getClass() == device.getClass()) {
        at = i + 1;
        break;
      }
    }
    all.add(at, device);
    return all;
  }

  private static Class<?> kind(DeviceConfiguration device) {
    return Description.unplaced(device).getClass();
  }

  /**
   * The PCI slot of a device.
   *
   * @return 0 where it has none of its own
   */
  public int slotOf(String id) {
    return board.slotOf(id);
  }

  /** The first PCI slot with nothing in it. */
  public int freeSlot() {
    return board.freeSlot();
  }

  /** Whether something is in a PCI slot. */
  public boolean isTaken(int slot) {
    return board.isTaken(slot);
  }

  /**
   * Asks the guest to let a device go; {@link #onEjection} tells when it does, which may be never.
   *
   * @throws IllegalArgumentException where there is none that can go
   */
  public void requestUnplug(String id) {
    board.requestUnplug(id);
  }

  /**
   * Has somebody told of PCI slots whose device the guest lets go.
   *
   * @param told called on a vCPU's thread, which it must not hold up
   */
  public void onEjection(IntConsumer told) {
    board.onEjection(told);
  }

  /**
   * Takes out what is in a slot; the machine is paused, or does not run yet.
   *
   * @return the device's name; null where there was none
   */
  public String unplug(int slot) {
    pauses.requireStanding("a device is taken out");
    String name = board.unplug(slot);
    if (name != null) {
      devices = without(name);
    }
    return name;
  }

  /** Whether a device is a unit of a controller, which goes without being asked for. */
  public boolean isUnit(String id) {
    return board.isUnit(id);
  }

  /** Takes out a unit of a controller; the machine is paused, or does not run yet. */
  public void unplugUnit(String id) {
    pauses.requireStanding("a device is taken out");
    board.unplugUnit(id);
    devices = without(id);
  }

  private List<DeviceConfiguration> without(String id) {
    return devices.stream().filter(device -> !device.id().equals(id)).toList();
  }
}
