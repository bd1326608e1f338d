package org.wardian.boot.acpi;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.wardian.boot.acpi.AcpiConfiguration.Hotplug;
import org.wardian.boot.acpi.AcpiConfiguration.Processors;

/** A board for the tests of the tables. */
final class TestBoard {
  private static final Hotplug HOTPLUG = new Hotplug(0xae00, 3, 29, 0x620, 4);

  private TestBoard() {}

  private static AcpiConfiguration board(Processors processors, Optional<Hotplug> hotplug) {
    return new AcpiConfiguration(
        processors,
        new AcpiConfiguration.InterruptControllers(0xfee00000L, 7, 0xfec00000L, 9),
        new AcpiConfiguration.PowerManagement(
            0x600, 0x604, 0x608, 0xcf9, 0x0e, new TreeMap<>(Map.of(3, 1, 5, 5))),
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
        new AcpiConfiguration.Legacy(true, 0x32, false, false, false, false, 0),
        hotplug);
  }

  private static List<Integer> apicIds(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  static AcpiConfiguration withProcessors(int count) {
    return board(Processors.fixed(apicIds(count)), Optional.empty());
  }

  /** A board whose PCI devices come and go. */
  static AcpiConfiguration withHotplug() {
    return board(Processors.fixed(apicIds(1)), Optional.of(HOTPLUG));
  }

  /** A board of four processors, the last two of which are not there yet. */
  static AcpiConfiguration withProcessorHotplug() {
    return board(
        new Processors(apicIds(4), Set.of(2, 3), OptionalInt.of(0xaf00)), Optional.of(HOTPLUG));
  }
}
