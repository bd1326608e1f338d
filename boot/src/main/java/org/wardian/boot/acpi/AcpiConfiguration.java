package org.wardian.boot.acpi;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the ACPI tables say about a board. All numbers are the board's own; the tables repeat them.
 *
 * @param processors local APICs, and how processors come and go
 * @param interrupts interrupt controllers
 * @param powerManagement ports of the fixed hardware
 * @param pci the PCI host bridge
 * @param serialPorts 16550 ports that are there
 * @param legacy other devices of a PC
 * @param hotplug how PCI devices come and go while the machine runs; empty where they do not
 */
public record AcpiConfiguration(
    Processors processors,
    InterruptControllers interrupts,
    PowerManagement powerManagement,
    Pci pci,
    List<SerialPort> serialPorts,
    Legacy legacy,
    Optional<Hotplug> hotplug) {

  /** Checks for nulls. */
  public AcpiConfiguration {
    serialPorts = List.copyOf(serialPorts);
    Objects.requireNonNull(processors, "processors");
    Objects.requireNonNull(interrupts, "interrupts");
    Objects.requireNonNull(powerManagement, "powerManagement");
    Objects.requireNonNull(pci, "pci");
    Objects.requireNonNull(legacy, "legacy");
    Objects.requireNonNull(hotplug, "hotplug");
  }

  /**
   * The processors.
   *
   * @param apicIds local APIC id of each; the first is the boot processor
   * @param absent numbers of those that are not there yet
   * @param hotplugPort the first port of the controller by which they come and go (QEMU's
   *     docs/specs/acpi_cpu_hotplug.txt), with which the board has a {@link Hotplug} too, whose
   *     event block has event 2; empty where they stay
   */
  public record Processors(List<Integer> apicIds, Set<Integer> absent, OptionalInt hotplugPort) {
    /** Copies, and checks that there is a processor. */
    public Processors {
      apicIds = List.copyOf(apicIds);
      absent = Set.copyOf(absent);
      Objects.requireNonNull(hotplugPort, "hotplugPort");
      if (apicIds.isEmpty()) {
        throw new IllegalArgumentException("no processor");
      }
    }

    /** Processors that stay. */
    public static Processors fixed(List<Integer> apicIds) {
      return new Processors(apicIds, Set.of(), OptionalInt.empty());
    }
  }

  /**
   * The interrupt controllers.
   *
   * @param localApicBase guest-physical address of the local APICs' registers
   * @param ioApicId id of the I/O APIC
   * @param ioApicBase guest-physical address of the I/O APIC; its first input is GSI 0
   * @param sci ISA interrupt and GSI of the system control interrupt, level-triggered and active
   *     high
   */
  public record InterruptControllers(long localApicBase, int ioApicId, long ioApicBase, int sci) {}

  /**
   * The controller by which the operating system is told of PCI devices that come and go (QEMU's
   * docs/specs/acpi_pci_hotplug.txt).
   *
   * @param port of its registers
   * @param firstSlot that can be plugged
   * @param lastSlot that can be plugged
   * @param eventPort of general-purpose event block 0, whose event 1 tells of changes
   * @param eventLength bytes of that block
   */
  public record Hotplug(int port, int firstSlot, int lastSlot, int eventPort, int eventLength) {}

  /**
   * Devices of a PC that a board may lack.
   *
   * @param realTimeClock whether there is an MC146818 clock at ports 0x70 and 0x71 on IRQ 8
   * @param centuryIndex CMOS index of the century, 0 for none
   * @param keyboardController whether there is an i8042 with a keyboard at ports 0x60 and 0x64
   * @param mouse whether that has a mouse on IRQ 12
   * @param floppy whether there is a floppy controller at port 0x3f0 with a 1.44 MB drive A
   * @param display whether a display adapter answers VGA's ports
   * @param hpet guest-physical address of a high precision event timer, 0 for none
   */
  public record Legacy(
      boolean realTimeClock,
      int centuryIndex,
      boolean keyboardController,
      boolean mouse,
      boolean floppy,
      boolean display,
      long hpet) {}

  /**
   * The fixed hardware of ACPI (ACPI specification 6.5, §4.8).
   *
   * @param eventPort PM1a event block: status at +0, enable at +2, 16 bits each
   * @param controlPort PM1a control block, 16 bits
   * @param timerPort power management timer, 32 bits wide at 3.579545 MHz
   * @param resetPort port of the reset register, 8 bits
   * @param resetValue what resets the machine when it is written there
   * @param sleepTypes SLP_TYP value, 0 to 7, of each sleep state that there is: 3 (memory is kept)
   *     and 5 (off)
   */
  public record PowerManagement(
      int eventPort,
      int controlPort,
      int timerPort,
      int resetPort,
      int resetValue,
      Map<Integer, Integer> sleepTypes) {}

  /**
   * The PCI host bridge and its windows.
   *
   * @param ecamBase guest-physical address of the enhanced configuration space, 1 MiB for each bus
   * @param lastBus highest bus number, 0 to 255
   * @param windows memory that devices decode, below or above 4 GiB
   * @param interruptBase first GSI of the lines INTA to INTD
   * @param interruptCount count of GSIs that the lines are spread over
   */
  public record Pci(
      long ecamBase, int lastBus, List<Window> windows, int interruptBase, int interruptCount) {

    /** Copies the list. */
    public Pci {
      windows = List.copyOf(windows);
      if (lastBus < 0 || lastBus > 255 || interruptCount < 1) {
        throw new IllegalArgumentException(
            "last bus %d, %d interrupts".formatted(lastBus, interruptCount));
      }
    }

    /**
     * The GSI of a device's interrupt pin: pins of neighbouring devices take turns. The board wires
     * its lines by this same rule.
     *
     * @param slot device number on bus 0, 0 to 31
     * @param pin 0 for INTA to 3 for INTD
     * @return the global system interrupt
     */
    public int interrupt(int slot, int pin) {
      return interruptBase + (slot + pin) % interruptCount;
    }

    /**
     * Size of the enhanced configuration space.
     *
     * @return bytes
     */
    public long ecamSize() {
      return (lastBus + 1L) << 20;
    }
  }

  /**
   * A range of addresses.
   *
   * @param base first address
   * @param length count of bytes
   */
  public record Window(long base, long length) {

    /** Checks that it is not empty. */
    public Window {
      if (base < 0 || length <= 0 || base > Long.MAX_VALUE - length) {
        throw new IllegalArgumentException("window 0x%x + 0x%x".formatted(base, length));
      }
    }

    /**
     * The last address.
     *
     * @return address of the last byte
     */
    public long last() {
      return base + length - 1;
    }
  }

  /**
   * A 16550 serial port.
   *
   * @param port first of its eight ports
   * @param interrupt its ISA interrupt
   */
  public record SerialPort(int port, int interrupt) {}
}
