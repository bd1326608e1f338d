package org.wardian.machine;

import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.wardian.bus.InterruptLine;
import org.wardian.chipset.AhciController;
import org.wardian.chipset.Dma;
import org.wardian.chipset.IdeController;
import org.wardian.chipset.PciFunction;
import org.wardian.chipset.PciHost;
import org.wardian.machine.platform.Platform;

/**
 * The devices of a PC that real computers have had as well, where a configuration asks for them.
 */
final class LegacyDevices {
  private final Platform platform;
  private final PciHost pci;
  private final IntFunction<InterruptLine> lines;
  private final Consumer<PciFunction> plug;
  private final Dma dma;
  private IdeController ide;
  private int nextIdePlace;
  private AhciController ahci;
  private int nextAhciPort;

  /**
   * Makes none yet.
   *
   * @param lines ISA interrupts by number
   * @param plug plugs a function into the next free slot
   */
  LegacyDevices(
      Platform platform,
      PciHost pci,
      IntFunction<InterruptLine> lines,
      Consumer<PciFunction> plug) {
    this.platform = platform;
    this.pci = pci;
    this.lines = lines;
    this.plug = plug;
    this.dma = new Dma(platform.memory());
  }

  /** A disk or CD-ROM drive of the IDE controller, in the order in which they are added. */
  void addIde(DeviceConfiguration.Disk disk) {
    if (ide == null) {
      ide = new IdeController(platform.ports(), lines, dma);
      pci.attach(IdeController.SLOT, 0, ide);
    }
    if (nextIdePlace == IdeController.PLACES) {
      throw new IllegalArgumentException(
          disk.id() + ": the IDE controller has " + IdeController.PLACES + " drives already");
    }
    if (disk.cdrom()) {
      ide.cdrom(nextIdePlace++, disk.medium(), disk.serial());
    } else {
      ide.disk(nextIdePlace++, disk.medium(), disk.serial());
    }
  }

  /** A disk or CD-ROM drive of the AHCI controller. */
  void addAhci(DeviceConfiguration.Disk disk) {
    if (ahci == null) {
      ahci = new AhciController(dma);
      plug.accept(ahci);
    }
    if (nextAhciPort == AhciController.PORTS) {
      throw new IllegalArgumentException(
          disk.id() + ": the AHCI controller has " + AhciController.PORTS + " drives already");
    }
    if (disk.cdrom()) {
      ahci.cdrom(nextAhciPort++, disk.medium(), disk.serial());
    } else {
      ahci.disk(nextAhciPort++, disk.medium(), disk.serial());
    }
  }
}
