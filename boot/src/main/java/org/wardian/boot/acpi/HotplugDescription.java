package org.wardian.boot.acpi;

import java.util.Locale;

/**
 * The DSDT's code for PCI devices that come and go: a device for each slot with {@code _EJ0}, and
 * general-purpose event 1, which reads from the controller what has changed (QEMU's
 * docs/specs/acpi_pci_hotplug.txt; ACPI specification 6.5, §6.3).
 */
final class HotplugDescription {
  /** Registers: slots with a new device, and slots whose device shall go. */
  private static final int CHANGES = 0;

  /** Register: the slot that is let go. */
  private static final int EJECT = 8;

  private static final int DEVICE_CHECK = 1;
  private static final int EJECT_REQUEST = 3;

  private final AcpiConfiguration.Hotplug controller;

  HotplugDescription(AcpiConfiguration.Hotplug controller) {
    this.controller = controller;
  }

  void write(AmlWriter aml) {
    aml.scope("\\_SB.PCI0", this::slots);
    aml.scope(
        "\\_GPE", events -> events.method("_E01", 0, code -> code.reference("\\_SB.PCI0.PCNT")));
  }

  private static String name(int slot) {
    return String.format(Locale.ROOT, "S%02X", slot << 3);
  }

  private void slots(AmlWriter bridge) {
    bridge.ports("PCST", controller.port() + CHANGES, "PCIU", "PCID");
    bridge.ports("SEJ", controller.port() + EJECT, "B0EJ");
    for (int slot = controller.firstSlot(); slot <= controller.lastSlot(); slot++) {
      int number = slot;
      bridge.device(
          name(slot),
          device -> {
            device.name("_SUN").integer(number);
            device.name("_ADR").integer((long) number << 16);
            device.method(
                "_EJ0", 1, code -> code.store(mask -> mask.integer(1L << number), "B0EJ"));
          });
    }
    bridge.method(
        "DVNT",
        2,
        code -> {
          for (int slot = controller.firstSlot(); slot <= controller.lastSlot(); slot++) {
            String device = name(slot);
            code.ifArgumentHas(
                0, 1L << slot, then -> then.notify(device, value -> value.argument(1)));
          }
        });
    bridge.method(
        "PCNT",
        0,
        code -> {
          code.load("PCIU", 0);
          code.reference("DVNT").local(0).integer(DEVICE_CHECK);
          code.load("PCID", 0);
          code.reference("DVNT").local(0).integer(EJECT_REQUEST);
        });
  }
}
