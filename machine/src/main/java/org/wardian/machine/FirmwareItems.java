package org.wardian.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.wardian.boot.MemoryRange;
import org.wardian.boot.SmbiosTables;
import org.wardian.boot.acpi.AcpiConfiguration;
import org.wardian.boot.acpi.AcpiLoader;
import org.wardian.chipset.FwCfg;

/** What firmware is told by the firmware configuration device. */
final class FirmwareItems {
  /** Whether ISA interrupt 0 is on pin 2 of the I/O APIC: an item of x86 machines. */
  private static final int IRQ0_OVERRIDE = 0x8002;

  private static final int E820_RAM = 1;
  private static final int E820_RESERVED = 2;
  private static final int E820_ENTRY = 20;

  /** Sleep states 0 to 5, each there or not: bit 7, with the SLP_TYP value. */
  private static final int STATES = 6;

  private static final int STATE_THERE = 0x80;

  private FirmwareItems() {}

  static void memoryMap(FwCfg items, List<MemoryRange> map) {
    ByteBuffer entries =
        ByteBuffer.allocate(map.size() * E820_ENTRY).order(ByteOrder.LITTLE_ENDIAN);
    for (MemoryRange range : map) {
      entries
          .putLong(range.base())
          .putLong(range.length())
          .putInt(range.kind() == MemoryRange.Kind.RAM ? E820_RAM : E820_RESERVED);
    }
    items.put("etc/e820", entries.array());
  }

  /**
   * The ACPI tables and how to place them.
   *
   * @param board asked when the firmware asks, for it has moved windows by then
   */
  static void acpi(FwCfg items, Supplier<AcpiConfiguration> board) {
    items.put(AcpiLoader.TABLES, () -> new AcpiLoader(board.get()).tables());
    items.put(AcpiLoader.ROOT_POINTER, () -> new AcpiLoader(board.get()).rootPointer());
    items.put(AcpiLoader.SCRIPT, () -> new AcpiLoader(board.get()).script());
  }

  /**
   * Small facts.
   *
   * @param sleepTypes SLP_TYP of each sleep state that there is, by its number
   */
  static void board(FwCfg items, Map<Integer, Integer> sleepTypes) {
    items.setInt(IRQ0_OVERRIDE, 1);
    items.put("etc/irq0-override", new byte[] {1});
    byte[] states = new byte[STATES];
    sleepTypes.forEach((state, type) -> states[state] = (byte) (STATE_THERE | type));
    items.put("etc/system-states", states);
  }

  /** What the machine is made of, for inventories. */
  static void smbios(FwCfg items, MachineConfiguration configuration) {
    SmbiosTables tables =
        SmbiosTables.of(
            configuration.memoryBytes(),
            configuration.processors(),
            configuration.cpuModel().name());
    items.put("etc/smbios/smbios-tables", tables.structures());
    items.put("etc/smbios/smbios-anchor", tables.entryPoint());
  }
}
