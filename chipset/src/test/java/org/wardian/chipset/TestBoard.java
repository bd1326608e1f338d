package org.wardian.chipset;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.wardian.bus.Device;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;

/** Every chip, wired as a board wires them, on time that stands still. */
final class TestBoard {
  static final Instant NOON = Instant.parse("2024-02-29T12:34:56Z");

  final ManualTimers timers = new ManualTimers();
  final RecordedPower power = new RecordedPower();
  final IoBus ports = IoBus.ports();
  final IoBus memory = IoBus.mmio();
  final ApicBus apicBus = new ApicBus();
  final List<TestProcessor> processors = new ArrayList<>();
  final IoApic ioApic = new IoApic(8, apicBus);
  final Pic8259 pic = new Pic8259(apicBus.localInterrupt0());
  final IsaInterrupts isa = new IsaInterrupts(pic::line, ioApic::line);
  final Pit8254 pit = new Pit8254(timers, isa.line(IsaInterrupts.TIMER));
  final Rtc146818 rtc =
      new Rtc146818(
          timers,
          () -> NOON.plusNanos(timers.nanoseconds()),
          isa.line(Rtc146818.INTERRUPT),
          256L << 20,
          0);
  final StringBuilder console = new StringBuilder();
  final Uart16550 serial =
      new Uart16550(
          "serial0",
          timers,
          value -> console.append((char) (value & 0xff)),
          isa.line(Uart16550.COM1_INTERRUPT));
  final A20Gate a20 = new A20Gate(power);
  final I8042 i8042 = new I8042(isa.line(I8042.INTERRUPT), a20, power);
  final AcpiPowerManagement acpi =
      new AcpiPowerManagement(timers, isa.line(AcpiPowerManagement.SCI_GSI), power);
  final ResetControl resetControl = new ResetControl(power);
  final PciHost pci = new PciHost(ports, memory, ioApic::line, apicBus);
  final PciProbe probe = new PciProbe();
  final FwCfg fwCfg = new FwCfg(256L << 20, 2, 4);
  final TestDevice testDevice =
      new TestDevice(power, IntStream.range(0, IoApic.PINS).mapToObj(ioApic::line).toList());

  TestBoard() {
    this(2);
  }

  TestBoard(int count) {
    for (int id = 0; id < count; id++) {
      processors.add(new TestProcessor(id, apicBus, timers));
    }
    apicBus.externalInterrupts(pic::acknowledge);
    pci.attach(PciIsaBridge.SLOT, 0, new PciIsaBridge());
    pci.attach(4, 0, probe);
    map();
  }

  private void map() {
    memory.map(IoApic.BASE, IoApic.WINDOW, ioApic);
    memory.map(PciHost.ECAM_BASE, PciHost.ECAM_LENGTH, pci.ecam());
    memory.map(TestDevice.MEMORY_BASE, TestDevice.MEMORY_LENGTH, testDevice.memory());
    ports.map(Pic8259.MASTER_PORT, 2, pic.masterPorts());
    ports.map(Pic8259.SLAVE_PORT, 2, pic.slavePorts());
    ports.map(Pic8259.ELCR_PORT, 2, pic.edgeLevelPorts());
    ports.map(Pit8254.PORT, 4, pit);
    ports.map(Pit8254.PORT_B, 1, pit.portB());
    ports.map(Rtc146818.PORT, 2, rtc);
    ports.map(Uart16550.COM1_PORT, Uart16550.PORTS, serial);
    ports.map(I8042.DATA_PORT, 1, i8042.dataPort());
    ports.map(I8042.COMMAND_PORT, 1, i8042.commandPort());
    ports.map(A20Gate.PORT_A, 1, a20.portA());
    ports.map(PostPort.PORT, 1, new PostPort());
    ports.map(
        AcpiPowerManagement.PM1_EVENT_PORT,
        AcpiPowerManagement.PM1_EVENT_LENGTH,
        acpi.eventBlock());
    ports.map(
        AcpiPowerManagement.PM1_CONTROL_PORT,
        AcpiPowerManagement.PM1_CONTROL_LENGTH,
        acpi.controlBlock());
    ports.map(
        AcpiPowerManagement.PM_TIMER_PORT, AcpiPowerManagement.PM_TIMER_LENGTH, acpi.timerBlock());
    ports.map(
        AcpiPowerManagement.GPE0_PORT,
        AcpiPowerManagement.GPE0_LENGTH,
        acpi.generalPurposeEvents());
    ports.map(PciHost.PORT, PciHost.PORTS, pci.ports(resetControl));
    ports.map(FwCfg.PORT, FwCfg.PORTS, fwCfg);
    ports.map(TestDevice.LATCH_PORT, 4, testDevice.latch());
    ports.map(TestDevice.NOTHING_PORT, 4, testDevice.nothing());
    ports.map(TestDevice.BYTE_LATCH_PORT, 4, testDevice.byteLatch());
    ports.map(TestDevice.EXIT_PORT, 4, testDevice.exitPort());
    ports.map(TestDevice.INTERRUPT_PORT, TestDevice.INTERRUPTS, testDevice.interrupts());
  }

  /** Every device, in an order in which saved state can be restored. */
  List<Device> devices() {
    List<Device> devices = new ArrayList<>();
    processors.forEach(processor -> devices.add(processor.apic));
    devices.addAll(
        List.of(
            ioApic, pic, pit, rtc, serial, a20, i8042, acpi, resetControl, pci, fwCfg, testDevice));
    return devices;
  }

  int in(int port) {
    return (int) ports.read(port, 1);
  }

  void out(int port, int value) {
    ports.write(port, 1, value);
  }

  /** Initialises both PICs as PCs do, with all lines unmasked: vectors 0x30 and 0x38. */
  void initializePics() {
    for (int port : new int[] {Pic8259.MASTER_PORT, Pic8259.SLAVE_PORT}) {
      out(port, 0x11);
      out(port + 1, port == Pic8259.MASTER_PORT ? 0x30 : 0x38);
      out(port + 1, port == Pic8259.MASTER_PORT ? 4 : 2);
      out(port + 1, 1);
      out(port + 1, 0);
    }
  }
}
