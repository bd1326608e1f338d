package org.wardian.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.chipset.AhciController;
import org.wardian.chipset.Dma;
import org.wardian.chipset.Dma8237;
import org.wardian.chipset.E1000;
import org.wardian.chipset.FloppyController;
import org.wardian.chipset.FloppyGeometry;
import org.wardian.chipset.FwCfg;
import org.wardian.chipset.IdeController;
import org.wardian.chipset.PciFunction;
import org.wardian.chipset.PciHost;
import org.wardian.chipset.Rtc146818;
import org.wardian.chipset.VgaAdapter;
import org.wardian.display.Screen;
import org.wardian.machine.platform.Platform;

/**
 * The devices of a PC that real computers have had as well, where a configuration asks for them.
 */
final class LegacyDevices {
  private static final int CMOS_FLOPPY_TYPES = 0x10;
  private static final int CMOS_EQUIPMENT = 0x14;

  /** By this name SeaBIOS finds the option ROM of a PCI function. */
  private static final String VIDEO_BIOS = "pci1234,1111.rom";

  private final Platform platform;
  private final PciHost pci;
  private final IntFunction<InterruptLine> lines;
  private final Consumer<PciFunction> plug;
  private final Dma dma;
  private IdeController ide;
  private int nextIdePlace;
  private AhciController ahci;
  private int ahciSlot;
  private int nextAhciPort;
  private final Rtc146818 rtc;
  private final List<Device> devices = new ArrayList<>();
  private final FwCfg items;
  private FloppyController floppy;
  private VgaAdapter display;
  private byte[] videoBios = {};

  /**
   * Makes none yet.
   *
   * @param lines ISA interrupts by number
   * @param plug plugs a function into the next free slot
   * @param rtc whose memory says what drives there are
   * @param items where firmware finds option ROMs
   */
  LegacyDevices(
      Platform platform,
      PciHost pci,
      IntFunction<InterruptLine> lines,
      Consumer<PciFunction> plug,
      Rtc146818 rtc,
      FwCfg items) {
    this.platform = platform;
    this.pci = pci;
    this.lines = lines;
    this.plug = plug;
    this.rtc = rtc;
    this.items = items;
    this.dma = new Dma(platform.memory());
  }

  /** A disk or CD-ROM drive of the IDE controller, in the order in which they are added. */
  void addIde(DeviceConfiguration.Disk disk, BootOrder order) {
    if (ide == null) {
      ide = new IdeController(platform.ports(), lines, dma);
      pci.attach(IdeController.SLOT, 0, ide);
    }
    if (nextIdePlace == IdeController.PLACES) {
      throw new IllegalArgumentException(
          disk.id() + ": the IDE controller has " + IdeController.PLACES + " drives already");
    }
    int place = nextIdePlace;
    order.add(
        disk.bootIndex(),
        "/pci@i0cf8/ide@%x/drive@%x/disk@%x".formatted(IdeController.SLOT, place >> 1, place & 1));
    if (disk.cdrom()) {
      ide.cdrom(nextIdePlace++, disk.medium(), disk.serial());
    } else {
      ide.disk(nextIdePlace++, disk.medium(), disk.serial());
    }
  }

  /**
   * A disk or CD-ROM drive of the AHCI controller.
   *
   * @param nextSlot the slot that the controller gets with its first drive
   */
  void addAhci(DeviceConfiguration.Disk disk, int nextSlot, BootOrder order) {
    if (ahci == null) {
      addAhci(nextSlot);
    }
    if (nextAhciPort == AhciController.PORTS) {
      throw new IllegalArgumentException(
          disk.id() + ": the AHCI controller has " + AhciController.PORTS + " drives already");
    }
    order.add(
        disk.bootIndex(),
        "/pci@i0cf8/pci8086,2922@%x/drive@%x/disk@0".formatted(ahciSlot, nextAhciPort));
    if (disk.cdrom()) {
      ahci.cdrom(nextAhciPort++, disk.medium(), disk.serial());
    } else {
      ahci.disk(nextAhciPort++, disk.medium(), disk.serial());
    }
  }

  /** The AHCI controller, of which there is one, in the slot that {@code plug} finds next. */
  void addAhci(int slot) {
    if (ahci != null) {
      throw new IllegalArgumentException("a machine has one AHCI controller");
    }
    ahci = new AhciController(dma);
    ahciSlot = slot;
    plug.accept(ahci);
  }

  /** The floppy drive, with the DMA controllers that only it uses. */
  void addFloppy(DeviceConfiguration.Floppy drive) {
    if (floppy != null) {
      throw new IllegalArgumentException(drive.id() + ": a machine has one floppy drive");
    }
    Dma8237 channels = new Dma8237(dma);
    devices.add(channels);
    IoBus ports = platform.ports();
    ports.map(Dma8237.PORT, 16, channels.bytePorts());
    ports.map(Dma8237.WORD_PORT, 32, channels.wordPorts());
    ports.map(Dma8237.PAGE_PORT, Dma8237.PAGE_PORTS, channels.pagePorts());
    floppy =
        new FloppyController(drive.medium(), lines.apply(FloppyController.INTERRUPT), channels);
    devices.add(floppy);
    ports.map(FloppyController.PORT, FloppyController.PORTS, floppy.ports());
    ports.map(FloppyController.INPUT_PORT, 1, floppy.inputPort());
    rtc.store(CMOS_FLOPPY_TYPES, FloppyGeometry.driveType(drive.medium().length()) << 4);
    rtc.store(CMOS_EQUIPMENT, 0x01);
  }

  /** A network card. */
  void addCard(DeviceConfiguration.NetworkCard card) {
    plug.accept(new E1000(card.id(), card.port(), card.address(), platform.timers(), dma));
  }

  /** The display. */
  void addDisplay(DeviceConfiguration.Display configuration) {
    if (display != null) {
      throw new IllegalArgumentException(configuration.id() + ": a machine has one display");
    }
    display =
        new VgaAdapter(
            platform.memory(),
            platform.ports(),
            platform.mmio(),
            platform.timers(),
            VgaAdapter.MEMORY);
    pci.attach(VgaAdapter.SLOT, 0, display);
    videoBios = configuration.videoBios();
    if (configuration.videoBios().length > 0) {
      items.add(VIDEO_BIOS, configuration.videoBios());
    }
  }

  /** Whether the display shows an empty text screen now, without a BIOS. */
  boolean showText() {
    return display != null && display.showText(videoBios);
  }

  /** What the display shows, where there is one. */
  Optional<Screen> screen() {
    return Optional.ofNullable(display).map(VgaAdapter::screen);
  }

  /** The devices that are no PCI functions. */
  List<Device> devices() {
    return devices;
  }

  /** Whether there is a floppy drive. */
  boolean hasFloppy() {
    return floppy != null;
  }
}
