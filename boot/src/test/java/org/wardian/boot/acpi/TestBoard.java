package org.wardian.boot.acpi;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** A board for the tests of the tables. */
final class TestBoard {

  private TestBoard() {}

  static AcpiConfiguration withProcessors(int count) {
    return new AcpiConfiguration(
        IntStream.range(0, count).boxed().toList(),
        0xfee00000L,
        7,
        0xfec00000L,
        9,
        new AcpiConfiguration.PowerManagement(0x600, 0x604, 0x608, 0xcf9, 0x0e, 5),
        new AcpiConfiguration.Pci(
            0xe0000000L,
            255,
            List.of(
                new AcpiConfiguration.Window(0xc0000000L, 0x20000000L),
                new AcpiConfiguration.Window(0x800000000L, 0x800000000L)),
            16,
            8),
        List.of(
            new AcpiConfiguration.SerialPort(0x3f8, 4), new AcpiConfiguration.SerialPort(0x2f8, 3)),
        true,
        0x32,
        false);
  }

  /** A board whose PCI devices come and go. */
  static AcpiConfiguration withHotplug() {
    AcpiConfiguration fixed = withProcessors(1);
    return new AcpiConfiguration(
        fixed.apicIds(),
        fixed.localApicBase(),
        fixed.ioApicId(),
        fixed.ioApicBase(),
        fixed.sciInterrupt(),
        fixed.powerManagement(),
        fixed.pci(),
        fixed.serialPorts(),
        fixed.realTimeClock(),
        fixed.centuryIndex(),
        fixed.keyboardController(),
        fixed.legacy(),
        Optional.of(new AcpiConfiguration.Hotplug(0xae00, 3, 29, 0x620, 4)));
  }

  /** A board of four processors, the last two of which are not there yet. */
  static AcpiConfiguration withProcessorHotplug() {
    AcpiConfiguration fixed = withHotplug();
    return new AcpiConfiguration(
        withProcessors(4).apicIds(),
        fixed.localApicBase(),
        fixed.ioApicId(),
        fixed.ioApicBase(),
        fixed.sciInterrupt(),
        fixed.powerManagement(),
        fixed.pci(),
        fixed.serialPorts(),
        fixed.realTimeClock(),
        fixed.centuryIndex(),
        fixed.keyboardController(),
        fixed.legacy(),
        fixed.hotplug(),
        OptionalInt.of(0xaf00),
        Set.of(2, 3));
  }
}
