package org.wardian.machine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.state.DeviceDescription;
import org.wardian.machine.state.MachineDescription;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.OriginFile;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFileException;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/** Describes a machine for whoever restores it. */
final class Description {
  /** As much of a hash as a person compares. */
  private static final int DIGITS = 16;

  private Description() {}

  /**
   * Describes a machine.
   *
   * @param slot a device's PCI slot; 0 where it has none, or any will do
   */
  static MachineDescription of(
      MachineConfiguration configuration,
      Platform platform,
      Origin origin,
      ToIntFunction<DeviceConfiguration> slot) {
    List<DeviceDescription> devices =
        configuration.peripherals().stream()
            .map(device ->
                DeviceDescription.of(
                    device.id(), (Record) unplaced(device), slot.applyAsInt(device)))
            .toList();
    return new MachineDescription(
        configuration.memoryBytes(),
        configuration.processors(),
        configuration.cpuModel().name(),
        platform.features().stream().map(Description::name).collect(Collectors.toSet()),
        platform.timestampHz(),
        configuration.firmware().map(Description::text).orElse(MachineDescription.KERNEL),
        configuration.devices(),
        devices,
        platform.accelerator().toString(),
        Instant.now(),
        Duration.ofNanos(platform.timers().nanoseconds()),
        origin);
  }

  /**
   * The model of a machine that goes on: no more than its guest was promised before, for software
   * chooses its ways once, by what CPUID said then, and the next accelerator may again give no
   * more.
   */
  static CpuModel promised(CpuModel model, MachineDescription saved) {
    return model.without(
        model.features().stream()
            .filter(feature -> !saved.features().contains(name(feature)))
            .collect(Collectors.toSet()));
  }

  private static String name(Feature feature) {
    return feature.name().toLowerCase(Locale.ROOT);
  }

  /**
   * A configuration that can go on from a saved state.
   *
   * @throws StateFileException where it cannot, with all that differs
   */
  static void requireFit(MachineConfiguration configuration, Platform platform, SavedState saved)
      throws StateFileException {
    List<String> differences =
        saved
            .description()
            .differences(of(configuration, platform, Origin.NONE, Description::wantedSlot));
    if (!differences.isEmpty()) {
      throw new StateFileException(
          saved.name() + " is not this machine: " + String.join("; ", differences));
    }
  }

  /** The PCI slot that a device shall have; 0 for any. */
  static int wantedSlot(DeviceConfiguration device) {
    return device instanceof DeviceConfiguration.Placed placed ? placed.slot() : 0;
  }

  /** Whether a device is a console without ports. */
  private static boolean isRoomOnly(DeviceConfiguration device) {
    return unplaced(device) instanceof DeviceConfiguration.Console console
        && console.ports().isEmpty();
  }

  /** A console whose ports do not come and go where they did not when the machine was saved. */
  private static DeviceConfiguration withPortsOf(
      DeviceConfiguration device, MachineDescription saved) {
    boolean isFixed =
        saved
            .device(device.id())
            .filter(console -> !console.properties().containsKey("most"))
            .isPresent();
    return switch (device) {
      case DeviceConfiguration.Placed placed
          when placed.device() instanceof DeviceConfiguration.Console console && isFixed ->
          new DeviceConfiguration.Placed(console.fixed(), placed.slot());
      case DeviceConfiguration.Console console when isFixed -> console.fixed();
      default -> device;
    };
  }

  /** A configuration whose devices are in the slots that they had when a machine was saved. */
  static MachineConfiguration placed(MachineConfiguration configuration, MachineDescription saved) {
    List<DeviceConfiguration> devices = new ArrayList<>();
    for (DeviceConfiguration wanted : configuration.peripherals()) {
      if (isRoomOnly(wanted) && saved.device(wanted.id()).isEmpty()) {
        continue; // Before consoles had room for ports to come, one without any was not there.
      }
      DeviceConfiguration device = withPortsOf(wanted, saved);
      int slot = saved.device(device.id()).map(DeviceDescription::slot).orElse(0);
      boolean settled = slot == 0 || device instanceof DeviceConfiguration.Placed;
      devices.add(settled ? device : new DeviceConfiguration.Placed(device, slot));
    }
    // Those with a place first: the others take the slots that are left.
    devices.sort(Comparator.comparing(d -> !(d instanceof DeviceConfiguration.Placed)));
    return configuration.with(devices);
  }

  /** What it is, wherever it is. */
  static DeviceConfiguration unplaced(DeviceConfiguration device) {
    return device instanceof DeviceConfiguration.Placed placed ? placed.device() : device;
  }

  private static String text(Firmware firmware) {
    return "firmware %s %s"
        .formatted(
            firmware.kind().name().toLowerCase(Locale.ROOT),
            OriginFile.sha256(firmware.image()).substring(0, DIGITS));
  }
}
