package org.wardian.boot.acpi;

import java.util.ArrayList;
import java.util.List;

/**
 * The DSDT's code: sleep states, the processors, the PCI root with its windows and interrupt
 * routes, and the ISA devices that software cannot find by itself.
 */
final class DifferentiatedDescription {

  private static final int SLOTS = 32;
  private static final int PINS = 4;
  private static final long ANY_FUNCTION = 0xffff;

  private static final int PCI_CONFIGURATION_PORT = 0xcf8;
  private static final int PCI_CONFIGURATION_PORTS = 8;

  private static final long HPET_LENGTH = 0x400;

  private static final long VGA_MEMORY = 0xa0000;
  private static final long VGA_MEMORY_LAST = 0xbffff;

  private final AcpiConfiguration board;

  private DifferentiatedDescription(AcpiConfiguration board) {
    this.board = board;
  }

  static byte[] code(AcpiConfiguration board) {
    DifferentiatedDescription description = new DifferentiatedDescription(board);
    AmlWriter aml = new AmlWriter();
    description.sleepStates(aml);
    aml.scope(
        "\\_SB",
        system -> {
          description.processors(system);
          system.device("PCI0", description::hostBridge);
          system.device("MBRD", description::motherboard);
          description.isaDevices(system);
        });
    if (board.processors().hotplugPort().isPresent()) {
      ProcessorDescription.writeEvent(aml);
    }
    board.hotplug().ifPresent(controller -> new HotplugDescription(controller).write(aml));
    return aml.toByteArray();
  }

  private void sleepStates(AmlWriter aml) {
    board
        .powerManagement()
        .sleepTypes()
        .forEach((state, type) ->
            aml.name("\\_S" + state)
                .packageOf(4, p -> p.integer(type).integer(type).integer(0).integer(0)));
  }

  /** One object for each MADT entry, joined to it by _UID. */
  private void processors(AmlWriter system) {
    if (board.processors().hotplugPort().isPresent()) {
      new ProcessorDescription(board, board.processors().hotplugPort().getAsInt()).write(system);
      return;
    }
    for (int i = 0; i < board.processors().apicIds().size(); i++) {
      int uid = i;
      system.device(
          "C%03X".formatted(uid),
          cpu -> cpu.name("_HID").string("ACPI0007").name("_UID").integer(uid));
    }
  }

  private void hostBridge(AmlWriter bridge) {
    bridge.name("_HID").eisaId("PNP0A08");
    bridge.name("_CID").eisaId("PNP0A03");
    bridge.name("_UID").integer(0);
    bridge.name("_SEG").integer(0);
    bridge.name("_BBN").integer(0);
    bridge.name("_CCA").integer(1);
    ResourceTemplate windows =
        new ResourceTemplate()
            .busNumbers(0, board.pci().lastBus())
            .io(PCI_CONFIGURATION_PORT, PCI_CONFIGURATION_PORTS)
            .ioWindow(0, PCI_CONFIGURATION_PORT - 1)
            .ioWindow(PCI_CONFIGURATION_PORT + PCI_CONFIGURATION_PORTS, 0xffff);
    if (board.legacy().display()) {
      windows.memoryWindow(VGA_MEMORY, VGA_MEMORY_LAST);
    }
    for (AcpiConfiguration.Window window : board.pci().windows()) {
      windows.memoryWindow(window.base(), window.last());
    }
    bridge.name("_CRS").resources(windows);
    bridge
        .name("_PRT")
        .packageOf(
            SLOTS * PINS,
            routes -> {
              for (int slot = 0; slot < SLOTS; slot++) {
                for (int pin = 0; pin < PINS; pin++) {
                  route(routes, slot, pin);
                }
              }
            });
  }

  /** A static route: no link device, straight to a GSI (ACPI specification 6.5, §6.2.13). */
  private void route(AmlWriter routes, int slot, int pin) {
    routes.packageOf(
        4,
        route ->
            route
                .integer((long) slot << 16 | ANY_FUNCTION)
                .integer(pin)
                .integer(0)
                .integer(board.pci().interrupt(slot, pin)));
  }

  /** Without this claim Linux distrusts the enhanced configuration space that MCFG names. */
  private void motherboard(AmlWriter device) {
    device.name("_HID").eisaId("PNP0C02");
    device.name("_UID").integer(0);
    device
        .name("_CRS")
        .resources(new ResourceTemplate().memory(board.pci().ecamBase(), board.pci().ecamSize()));
  }

  private void isaDevices(AmlWriter system) {
    List<AcpiConfiguration.SerialPort> ports = new ArrayList<>(board.serialPorts());
    for (int i = 0; i < ports.size(); i++) {
      int uid = i + 1;
      AcpiConfiguration.SerialPort port = ports.get(i);
      isaDevice(
          system,
          "COM" + uid,
          "PNP0501",
          uid,
          new ResourceTemplate().io(port.port(), 8).irq(port.interrupt()));
    }
    if (board.legacy().realTimeClock()) {
      isaDevice(system, "RTC", "PNP0B00", 0, new ResourceTemplate().io(0x70, 2).irq(8));
    }
    if (board.legacy().keyboardController()) {
      isaDevice(system, "KBD", "PNP0303", 0, new ResourceTemplate().io(0x60, 1).io(0x64, 1).irq(1));
    }
    if (board.legacy().mouse()) {
      isaDevice(system, "MOU", "PNP0F13", 0, new ResourceTemplate().irq(12));
    }
    if (board.legacy().floppy()) {
      // The register block without 0x3f6, which belongs to IDE.
      isaDevice(
          system,
          "FDC",
          "PNP0700",
          0,
          new ResourceTemplate().io(0x3f2, 4).io(0x3f7, 1).irq(6).dma(2));
    }
    if (board.legacy().hpet() != 0) {
      isaDevice(
          system,
          "HPET",
          "PNP0103",
          0,
          new ResourceTemplate().memory(board.legacy().hpet(), HPET_LENGTH));
    }
  }

  private static void isaDevice(
      AmlWriter system, String name, String id, int uid, ResourceTemplate resources) {
    system.device(
        name,
        device ->
            device
                .name("_HID")
                .eisaId(id)
                .name("_UID")
                .integer(uid)
                .name("_CRS")
                .resources(resources));
  }
}
