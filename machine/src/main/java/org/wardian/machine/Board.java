package org.wardian.machine;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.wardian.boot.MemoryRange;
import org.wardian.boot.acpi.AcpiConfiguration;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;
import org.wardian.chipset.A20Gate;
import org.wardian.chipset.AcpiPowerManagement;
import org.wardian.chipset.CfiFlash;
import org.wardian.chipset.DebugPort;
import org.wardian.chipset.Dma;
import org.wardian.chipset.FwCfg;
import org.wardian.chipset.Hpet;
import org.wardian.chipset.I8042;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.LocalApic;
import org.wardian.chipset.LpcBridge;
import org.wardian.chipset.PciHost;
import org.wardian.chipset.PciHotplug;
import org.wardian.chipset.PostPort;
import org.wardian.chipset.ProcessorHotplug;
import org.wardian.chipset.ResetControl;
import org.wardian.chipset.Rtc146818;
import org.wardian.chipset.SerialBackend;
import org.wardian.chipset.ShadowRam;
import org.wardian.chipset.TestDevice;
import org.wardian.chipset.Uart16550;
import org.wardian.chipset.WiredOr;
import org.wardian.display.Screen;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.Wiring;
import org.wardian.memory.GuestMemory;

/**
 * The PC that every guest finds: which chips there are, at which addresses, wired to which lines.
 *
 * <p>All numbers that firmware tables repeat come from here. Interrupt lines 0 to 15 reach both the
 * PICs and the I/O APIC; line 0 is pin 2 there, as the MADT says.
 */
final class Board {
  /** Where 32-bit PCI windows lie: above RAM, round ECAM, below the I/O APIC. */
  private static final long FIRST_WINDOW = GuestMemory.LOW_RAM_LIMIT;

  private static final long WINDOWS_END = 0xfe00_0000L;

  final Uart16550 serial;
  final AcpiPowerManagement power;
  final I8042 keyboard;

  private final Rtc146818 rtc;
  private final Platform platform;
  private final Ram ram;
  private final IoBus ports;
  private final IoBus mmio;
  private final int processors;
  private long present;
  private final FwCfg items;

  /** Null without firmware. */
  private ShadowRam shadow;

  private final boolean sleeps;

  /** Null where processors stay. */
  private final ProcessorHotplug processorHotplug;

  private final PciHost pci;
  private final Peripherals peripherals;
  private final LegacyDevices legacy;

  /** Address and data of a message: physical destination 0xff, delivery mode 4. */
  private static final long ALL_PROCESSORS = 0xFEEF_F000L;

  private static final int NON_MASKABLE = 0x400;

  private final PciHotplug hotplug;
  private volatile IntConsumer ejected = slot -> {};
  private volatile IntConsumer processorEjected = number -> {};
  private final boolean hasKeyboard;
  private final boolean hasHpet;
  private final List<Device> devices = new ArrayList<>();
  private final Map<Integer, WiredOr> lines = new HashMap<>();
  private final Map<Integer, WiredOr> pins = new HashMap<>();

  Board(
      MachineConfiguration configuration,
      Platform platform,
      Ram ram,
      PowerControl control,
      SerialBackend console) {
    this.platform = platform;
    this.sleeps = !configuration.devices().contains("no-s3");
    this.ram = ram;
    this.ports = platform.ports();
    this.mmio = platform.mmio();
    this.processors = configuration.processors();
    this.present = configuration.present() == 0 ? -1L >>> -processors : configuration.present();
    Timers timers = platform.timers();
    long low = Math.min(configuration.memoryBytes(), GuestMemory.LOW_RAM_LIMIT);
    rtc =
        add(
            new Rtc146818(
                timers,
                InstantSource.system(),
                line(Rtc146818.INTERRUPT),
                low,
                configuration.memoryBytes() - low));
    serial = add(new Uart16550("serial0", timers, console, line(Uart16550.COM1_INTERRUPT)));
    A20Gate a20 = add(new A20Gate(control));
    hasKeyboard =
        configuration.peripherals().stream()
            .anyMatch(device -> device instanceof DeviceConfiguration.Display);
    keyboard =
        add(
            new I8042(
                line(I8042.INTERRUPT),
                hasKeyboard ? line(I8042.MOUSE_INTERRUPT) : InterruptLine.UNCONNECTED,
                a20,
                control,
                hasKeyboard ? timers : null));
    power = add(new AcpiPowerManagement(timers, line(AcpiPowerManagement.SCI_GSI), control));
    ResetControl reset = add(new ResetControl(control));
    hasHpet = configuration.firmware().isPresent();
    LpcBridge lpc = configuration.firmware().isPresent() ? new LpcBridge(this::line) : null;
    pci = add(new PciHost(ports, mmio, gsi -> interruptPin(gsi, lpc), platform.messages()));
    items =
        add(
            new FwCfg(
                configuration.memoryBytes(),
                Long.bitCount(present),
                configuration.processors(),
                new Dma(platform.memory())));

    IoBus.Mapping ecam = mmio.map(PciHost.ECAM_BASE, PciHost.ECAM_LENGTH, pci.ecam());
    map(Rtc146818.PORT, 2, rtc);
    map(Uart16550.COM1_PORT, Uart16550.PORTS, serial);
    map(I8042.DATA_PORT, 1, keyboard.dataPort());
    map(I8042.COMMAND_PORT, 1, keyboard.commandPort());
    map(A20Gate.PORT_A, 1, a20.portA());
    map(PostPort.PORT, 1, new PostPort());
    map(AcpiPowerManagement.PM1_EVENT_PORT, 4, power.eventBlock());
    map(AcpiPowerManagement.PM1_CONTROL_PORT, 2, power.controlBlock());
    map(AcpiPowerManagement.PM_TIMER_PORT, 4, power.timerBlock());
    map(
        AcpiPowerManagement.GPE0_PORT,
        AcpiPowerManagement.GPE0_LENGTH,
        power.generalPurposeEvents());
    map(PciHost.PORT, PciHost.PORTS, pci.ports(reset));
    map(FwCfg.PORT, FwCfg.PORTS, items);
    if (configuration.devices().contains("testdev")) {
      testDevice(control);
    }
    peripherals = new Peripherals(platform, pci, this::line, rtc, items);
    configuration.peripherals().forEach(peripherals::add);
    legacy = peripherals.legacy();
    legacy.devices().forEach(this::add);
    hotplug =
        configuration.devices().contains("hotplug")
            ? add(new PciHotplug(removable(), power, slot -> ejected.accept(slot)))
            : null;
    if (hotplug != null) {
      map(PciHotplug.PORT, PciHotplug.PORTS, hotplug.ports());
    }
    processorHotplug =
        configuration.plugsProcessors()
            ? add(
                new ProcessorHotplug(
                    present, processors, power, number -> processorEjected.accept(number)))
            : null;
    if (processorHotplug != null) {
      map(ProcessorHotplug.PORT, ProcessorHotplug.PORTS, processorHotplug.ports());
    }
    for (int number = 0; number < processors; number++) {
      if (!isPresent(number)) {
        platform.present(number, false);
      }
    }
    configuration
        .firmware()
        .ifPresent(firmware ->
            firmware(configuration, firmware, items, ecam, lpc, rtc, peripherals.bootOrder()));
  }

  /** What only firmware looks for. */
  private void firmware(
      MachineConfiguration configuration,
      Firmware firmware,
      FwCfg items,
      IoBus.Mapping ecam,
      LpcBridge lpc,
      Rtc146818 rtc,
      BootOrder order) {
    FirmwareMap map =
        new FirmwareMap(platform.memory(), ram, mmio, configuration.memoryBytes(), firmware);
    shadow = add(map.shadow);
    pci.programmable(ecam, shadow);
    firmware
        .variables()
        .ifPresent(medium -> {
          long base = map.base - medium.length();
          CfiFlash flash = add(new CfiFlash("flash", platform.memory(), base, medium));
          mmio.map(base, flash.length(), flash);
        });
    pci.attach(LpcBridge.SLOT, 0, lpc);
    map(LpcBridge.SMI_ENABLE_PORT, 4, lpc.smiEnable());
    Hpet hpet = add(new Hpet(platform.timers(), this::pin, platform.messages()));
    mmio.map(Hpet.BASE, Hpet.LENGTH, hpet);
    map(DebugPort.PORT, 1, new DebugPort(firmware.log()));
    FirmwareItems.memoryMap(items, FirmwareMap.e820(configuration.memoryBytes()));
    FirmwareItems.acpi(items, this::acpi);
    FirmwareItems.smbios(items, configuration);
    FirmwareItems.board(items, sleepTypes());
    firmware.files().forEach(items::put);
    order.store(rtc, items);
  }

  /** A driver of a pin of the I/O APIC, as {@link #line}. */
  private InterruptLine pin(int number) {
    return pins.computeIfAbsent(number, n -> new WiredOr(platform.ioApicLine(n))).input();
  }

  /** A pin of the I/O APIC above the ISA interrupts, which firmware may route to those as well. */
  private InterruptLine interruptPin(int gsi, LpcBridge lpc) {
    InterruptLine pin = pin(gsi);
    if (lpc == null) {
      return pin;
    }
    InterruptLine route = lpc.pirq(gsi - PciHost.FIRST_GSI);
    return level -> {
      pin.set(level);
      route.set(level);
    };
  }

  private void testDevice(PowerControl control) {
    List<InterruptLine> lines = new ArrayList<>();
    for (int n = 0; n < TestDevice.INTERRUPTS; n++) {
      lines.add(n == 2 ? platform.ioApicLine(n) : line(n));
    }
    TestDevice device = add(new TestDevice(control, lines));
    map(TestDevice.EXIT_PORT, 4, device.exitPort());
    map(TestDevice.LATCH_PORT, 4, device.latch());
    map(TestDevice.NOTHING_PORT, 4, device.nothing());
    map(TestDevice.BYTE_LATCH_PORT, 4, device.byteLatch());
    map(TestDevice.INTERRUPT_PORT, TestDevice.INTERRUPTS, device.interrupts());
    mmio.map(TestDevice.MEMORY_BASE, TestDevice.MEMORY_LENGTH, device.memory());
  }

  /** The first slot whose device may come and go: the display stays. */
  private int firstPluggable() {
    return hasKeyboard ? Peripherals.FIRST_SLOT : Peripherals.DISPLAY_SLOT;
  }

  /** A bit for each slot whose device may come and go. */
  private int removable() {
    return (int) ((1L << Peripherals.LAST_SLOT + 1) - (1L << firstPluggable()));
  }

  private <D extends Device> D add(D device) {
    devices.add(device);
    return device;
  }

  private void map(int port, int length, IoHandler handler) {
    ports.map(port, length, handler);
  }

  /**
   * A driver of interrupt line {@code number}, to the PICs and to the I/O APIC; the line is
   * asserted while one of its drivers asserts it.
   */
  private InterruptLine line(int number) {
    return lines.computeIfAbsent(number, n -> new WiredOr(platform.line(n))).input();
  }

  /** Has somebody told of slots that the guest lets go, on a vCPU's thread. */
  void onEjection(IntConsumer told) {
    ejected = told;
  }

  /**
   * Plugs a device in while no vCPU runs.
   *
   * @param started whether the machine has been started
   * @throws IllegalArgumentException as {@link Peripherals#add}, or where devices do not come and
   *     go
   */
  void plug(DeviceConfiguration device, boolean started) {
    requireHotplug(device.id());
    peripherals.add(device);
    if (peripherals.isUnit(device.id())) {
      return; // Its controller has told of it.
    }
    int slot = peripherals.slotOf(device.id());
    if (slot == 0) {
      throw new IllegalArgumentException(device.id() + ": it has no PCI slot of its own");
    }
    if (started) {
      peripherals.function(slot).start();
      peripherals.function(slot).pause();
      hotplug.plugged(slot);
    }
  }

  /** The PCI slot of a device; 0 where it has none of its own. */
  int slotOf(String id) {
    return peripherals.slotOf(id);
  }

  /** The first PCI slot with nothing in it. */
  int freeSlot() {
    return peripherals.freeSlot();
  }

  /** Whether something is in a PCI slot. */
  boolean isTaken(int slot) {
    return peripherals.function(slot) != null;
  }

  /**
   * Asks the guest to let a device go.
   *
   * @throws IllegalArgumentException where there is none, or devices do not come and go
   */
  void requestUnplug(String id) {
    requireHotplug(id);
    int slot = peripherals.slotOf(id);
    if (slot == 0) {
      throw new IllegalArgumentException(id + ": it has no PCI slot of its own");
    }
    hotplug.unplug(slot);
  }

  private void requireHotplug(String id) {
    if (hotplug == null) {
      throw new IllegalArgumentException(
          id + ": this machine was made without slots that can be plugged while it runs");
    }
  }

  /** Whether a device is a unit of a controller that may go without being asked for. */
  boolean isUnit(String id) {
    return peripherals.isUnit(id);
  }

  /** Takes out a unit of a controller, while no vCPU runs. */
  void unplugUnit(String id) {
    peripherals.unplugUnit(id);
  }

  /** Takes out what is in a slot, while no vCPU runs; its name, or null. */
  String unplug(int slot) {
    return peripherals.unplug(slot);
  }

  /** A message to all local APICs with the delivery mode NMI (Intel SDM 3A §11.11). */
  void injectNmi() {
    platform.messages().send(ALL_PROCESSORS, NON_MASKABLE);
  }

  /** Whether a display shows an empty text screen now, without a BIOS. */
  boolean showText() {
    return legacy.showText();
  }

  /** Has somebody told of processors that the guest lets go, on a vCPU's thread. */
  void onProcessorEjection(IntConsumer told) {
    processorEjected = told;
  }

  /** Whether a processor is there. */
  boolean isPresent(int number) {
    return (present >>> number & 1) != 0;
  }

  /** A bit for each processor that is there. */
  long present() {
    return present;
  }

  /** Puts a processor in, or takes it out, while no vCPU runs. */
  void present(int number, boolean there) {
    set(number, there);
    if (there) {
      processorHotplug.plugged(number);
    } else {
      processorHotplug.unplugged(number);
    }
  }

  private void set(int number, boolean there) {
    present = there ? present | 1L << number : present & ~(1L << number);
    platform.present(number, there);
    items.processors(Long.bitCount(present));
  }

  /** The processors that are there in a saved state; before its records are read. */
  void loadPresent(long saved) {
    for (int number = 0; number < processors; number++) {
      boolean there = (saved >>> number & 1) != 0;
      if (there != isPresent(number)) {
        set(number, there);
      }
    }
  }

  /**
   * Asks the guest to let a processor go.
   *
   * @throws IllegalArgumentException where it cannot
   */
  void requestProcessorUnplug(int number) {
    requireProcessorHotplug();
    if (number == 0) {
      throw new IllegalArgumentException("the processor that boots stays");
    }
    processorHotplug.unplug(number);
  }

  /** Fails where processors do not come and go. */
  void requireProcessorHotplug() {
    if (processorHotplug == null) {
      throw new IllegalArgumentException(
          "this machine was made with all of its processors, which stay");
    }
  }

  /** What the display shows, where there is one. */
  Optional<Screen> screen() {
    return legacy.screen();
  }

  void reset() {
    platform.reset();
    devices.forEach(Device::reset);
  }

  /**
   * After a sleep that kept the memory: the power of all chips was off. What firmware copied into
   * shadow RAM stays, and it is told by CMOS memory that this is no start.
   */
  void wake() {
    platform.reset();
    devices.stream().filter(device -> device != shadow).forEach(Device::reset);
    if (shadow != null) {
      pci.showShadow();
    }
    rtc.store(Rtc146818.SHUTDOWN_STATUS, Rtc146818.RESUME);
    power.wake();
  }

  /** Leaves the chips as firmware would hand them to a kernel. */
  void initialize() {
    // The SCI's line is level-triggered at the PICs too; a kernel that has to see to that warns.
    platform.levelTriggered(AcpiPowerManagement.SCI_GSI);
  }

  void start() {
    platform.start();
    devices.forEach(Device::start);
  }

  /** After all vCPUs have stopped: nothing goes on, guest time stands still. */
  void pause() {
    platform.pause();
    devices.forEach(Device::pause);
  }

  /** Before the vCPUs run again. */
  void resume() {
    platform.resume();
    devices.forEach(Device::resume);
  }

  void stop() {
    devices.forEach(Device::stop);
  }

  /** Writes the state of all that is on the board, while it is paused. */
  void save(StateWriter out) {
    platform.save(out);
    devices.forEach(device -> device.save(out));
  }

  /**
   * Reads what {@link #save} wrote, before the start, and leaves guest time standing still.
   *
   * @throws org.wardian.bus.StateException where it is not this board's
   */
  void load(StateReader in) {
    platform.pause();
    // The clock and the interrupt chips first: devices reckon by the one and drive the others.
    platform.load(in);
    devices.forEach(device -> device.load(in));
  }

  /** After the start that follows {@link #load}: guest time goes on. */
  void goOn() {
    platform.resume();
    peripherals.announce();
  }

  /** The RAM that no device has in its own record. */
  List<GuestMemory.Region> ram() {
    return ram.regions();
  }

  /** What firmware would report by E820. */
  List<MemoryRange> memoryMap() {
    List<MemoryRange> map = new ArrayList<>();
    map.add(MemoryRange.ram(0, 0x9fc00));
    map.add(MemoryRange.reserved(0x9fc00, 0x400));
    map.add(MemoryRange.reserved(0xe0000, 0x20000));
    for (GuestMemory.Region region : platform.memory().regions()) {
      long end = region.base() + region.size();
      if (region.base() < 0x100000 && end > 0x100000) {
        map.add(MemoryRange.ram(0x100000, end - 0x100000));
      }
    }
    map.add(MemoryRange.reserved(PciHost.ECAM_BASE, PciHost.ECAM_LENGTH));
    for (GuestMemory.Region region : platform.memory().regions()) {
      if (region.base() == GuestMemory.HIGH_RAM_BASE) {
        map.add(MemoryRange.ram(region.base(), region.size()));
      }
    }
    return map;
  }

  /** What the PCI host passes on: all below the I/O APIC that is neither RAM nor ECAM. */
  private List<AcpiConfiguration.Window> windows() {
    List<AcpiConfiguration.Window> windows = new ArrayList<>();
    long ecam = pci.ecamBase();
    if (ecam > FIRST_WINDOW) {
      windows.add(new AcpiConfiguration.Window(FIRST_WINDOW, ecam - FIRST_WINDOW));
    }
    long next = ecam + PciHost.ECAM_LENGTH;
    windows.add(new AcpiConfiguration.Window(next, WINDOWS_END - next));
    return windows;
  }

  /** SLP_TYP of each sleep state that there is, 1 to 5. */
  private Map<Integer, Integer> sleepTypes() {
    Map<Integer, Integer> types = new TreeMap<>();
    if (sleeps) {
      types.put(3, AcpiPowerManagement.SLEEP_TYPE_S3);
    }
    types.put(5, AcpiPowerManagement.SLEEP_TYPE_S5);
    return types;
  }

  /** What the ACPI tables say. */
  AcpiConfiguration acpi() {
    Set<Integer> absent =
        IntStream.range(0, processors)
            .filter(number -> !isPresent(number))
            .boxed()
            .collect(Collectors.toSet());
    return new AcpiConfiguration(
        new AcpiConfiguration.Processors(
            IntStream.range(0, processors).boxed().toList(),
            absent,
            processorHotplug == null ? OptionalInt.empty() : OptionalInt.of(ProcessorHotplug.PORT)),
        new AcpiConfiguration.InterruptControllers(
            LocalApic.DEFAULT_BASE, Wiring.IO_APIC_ID, IoApic.BASE, AcpiPowerManagement.SCI_GSI),
        new AcpiConfiguration.PowerManagement(
            AcpiPowerManagement.PM1_EVENT_PORT,
            AcpiPowerManagement.PM1_CONTROL_PORT,
            AcpiPowerManagement.PM_TIMER_PORT,
            ResetControl.PORT,
            ResetControl.RESET_VALUE,
            sleepTypes()),
        new AcpiConfiguration.Pci(
            pci.ecamBase(),
            PciHost.ECAM_BUSES - 1,
            windows(),
            PciHost.FIRST_GSI,
            IoApic.PINS - PciHost.FIRST_GSI),
        List.of(new AcpiConfiguration.SerialPort(Uart16550.COM1_PORT, Uart16550.COM1_INTERRUPT)),
        new AcpiConfiguration.Legacy(
            true,
            0x32,
            hasKeyboard,
            hasKeyboard,
            legacy.hasFloppy(),
            hasKeyboard,
            hasHpet ? Hpet.BASE : 0),
        hotplug == null
            ? Optional.empty()
            : Optional.of(
                new AcpiConfiguration.Hotplug(
                    PciHotplug.PORT,
                    firstPluggable(),
                    Peripherals.LAST_SLOT,
                    AcpiPowerManagement.GPE0_PORT,
                    AcpiPowerManagement.GPE0_LENGTH)));
  }
}
