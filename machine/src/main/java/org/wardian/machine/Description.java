package org.wardian.machine;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.state.DeviceDescription;
import org.wardian.machine.state.MachineDescription;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.OriginFile;
import org.wardian.x86.Feature;

/** Describes a machine for whoever restores it. */
final class Description {
  /** As much of a hash as a person compares. */
  private static final int DIGITS = 16;

  private Description() {}

  static MachineDescription of(
      MachineConfiguration configuration, Platform platform, Origin origin) {
    Set<String> features =
        platform.features().stream().map(Feature::name).collect(Collectors.toSet());
    List<DeviceDescription> devices =
        configuration.peripherals().stream()
            .map(device -> DeviceDescription.of(device.id(), (Record) unplaced(device)))
            .toList();
    return new MachineDescription(
        configuration.memoryBytes(),
        configuration.processors(),
        configuration.cpuModel().name(),
        features.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet()),
        platform.timestampHz(),
        configuration.firmware().map(Description::text).orElse(MachineDescription.KERNEL),
        configuration.devices(),
        devices,
        platform.accelerator().toString(),
        Instant.now(),
        Duration.ofNanos(platform.timers().nanoseconds()),
        origin);
  }

  /** What it is, wherever it is: its slot is in the record of the PCI host. */
  private static DeviceConfiguration unplaced(DeviceConfiguration device) {
    return device instanceof DeviceConfiguration.Placed placed ? placed.device() : device;
  }

  private static String text(Firmware firmware) {
    return "firmware %s %s"
        .formatted(
            firmware.kind().name().toLowerCase(Locale.ROOT),
            OriginFile.sha256(firmware.image()).substring(0, DIGITS));
  }
}
