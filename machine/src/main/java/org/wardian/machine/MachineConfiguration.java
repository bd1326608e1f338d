package org.wardian.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.wardian.boot.BootProtocol;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.machine.platform.Translator;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.HostMemory;
import org.wardian.x86.CpuModel;

/**
 * What a machine is made of.
 *
 * @param kernel the kernel image's bytes; none for a saved machine that a reset is to end
 * @param kernelPath where they came from, for messages
 * @param initrd the initrd, if any
 * @param commandLine kernel command line
 * @param memoryBytes RAM, a multiple of 4096, at least {@link #LEAST_MEMORY}
 * @param processors virtual processors, 1 to {@link #MOST_PROCESSORS}
 * @param cpuModel what CPUID promises
 * @param devices devices on request: {@code testdev}, {@code hotplug}
 * @param reboot whether a guest's reset starts it again (else it ends the run)
 * @param protocol how the kernel is entered
 * @param accelerator who executes the guest
 * @param chips where the interrupt chips live, with KVM
 * @param translator how our own processor executes code
 * @param peripherals disks, network cards and other devices behind the PCI host
 * @param firmware what the machine starts with instead of its kernel, whose bytes may be none then
 * @param pins on which host processors the vCPUs run
 * @param timestampHz ticks a second of the time-stamp counter; 0 for what costs least
 * @param present a bit for each processor that is there at the start; 0 for all. The others may
 *     come while the machine runs, where it has {@code hotplug}
 * @param hostMemory where the host keeps the RAM
 */
public record MachineConfiguration(
    byte[] kernel,
    Path kernelPath,
    Optional<byte[]> initrd,
    String commandLine,
    long memoryBytes,
    int processors,
    CpuModel cpuModel,
    Set<String> devices,
    boolean reboot,
    BootProtocol protocol,
    AcceleratorKind accelerator,
    InterruptChips chips,
    Translator translator,
    List<DeviceConfiguration> peripherals,
    Optional<Firmware> firmware,
    PinnedProcessors pins,
    long timestampHz,
    long present,
    HostMemory hostMemory) {
  /** The most virtual processors. */
  public static final int MOST_PROCESSORS = 64;

  /** The least RAM that a machine may have: the first mebibyte belongs to the PC. */
  public static final long LEAST_MEMORY = 1L << 20;

  /** The most RAM: what {@link org.wardian.x86.Cpuid#PHYSICAL_ADDRESS_BITS} can address, halved. */
  public static final long MOST_MEMORY = 1L << 39;

  /**
   * Devices that exist on request; {@code no-s3} is the lack of one: a guest cannot sleep with its
   * memory kept.
   */
  public static final Set<String> OPTIONAL_DEVICES = Set.of("testdev", "hotplug", "no-s3");

  /**
   * A machine on our own processor that enters its kernel by the best protocol that the image
   * offers.
   */
  public MachineConfiguration(
      byte[] kernel,
      Path kernelPath,
      Optional<byte[]> initrd,
      String commandLine,
      long memoryBytes,
      int processors,
      CpuModel cpuModel,
      Set<String> devices,
      boolean reboot) {
    this(
        kernel,
        kernelPath,
        initrd,
        commandLine,
        memoryBytes,
        processors,
        cpuModel,
        devices,
        reboot,
        BootProtocol.AUTO,
        AcceleratorKind.SOFTWARE,
        InterruptChips.SPLIT,
        Translator.AUTO,
        List.of(),
        Optional.empty(),
        PinnedProcessors.NONE,
        0,
        0,
        HostMemory.PRIVATE);
  }

  /** The same machine on another accelerator. */
  public MachineConfiguration on(AcceleratorKind otherAccelerator, InterruptChips otherChips) {
    return but(
        protocol,
        otherAccelerator,
        otherChips,
        translator,
        peripherals,
        firmware,
        pins,
        timestampHz);
  }

  /** The same machine with another way of execution on our own processor. */
  public MachineConfiguration with(Translator otherTranslator) {
    return but(
        protocol, accelerator, chips, otherTranslator, peripherals, firmware, pins, timestampHz);
  }

  /** The same machine with other devices behind the PCI host. */
  public MachineConfiguration with(List<DeviceConfiguration> otherPeripherals) {
    return but(
        protocol, accelerator, chips, translator, otherPeripherals, firmware, pins, timestampHz);
  }

  /** The same machine started by firmware. */
  public MachineConfiguration with(Firmware otherFirmware) {
    return but(
        protocol,
        accelerator,
        chips,
        translator,
        peripherals,
        Optional.of(otherFirmware),
        pins,
        timestampHz);
  }

  /** The same machine that enters its kernel by {@code otherProtocol}. */
  public MachineConfiguration entered(BootProtocol otherProtocol) {
    return but(
        otherProtocol, accelerator, chips, translator, peripherals, firmware, pins, timestampHz);
  }

  /** The same machine with its vCPUs on certain processors of the host. */
  public MachineConfiguration with(PinnedProcessors otherPins) {
    return but(
        protocol, accelerator, chips, translator, peripherals, firmware, otherPins, timestampHz);
  }

  /** The same machine with a time-stamp counter of another rate; 0 for what costs least. */
  public MachineConfiguration withTimestampHz(long hertz) {
    return but(protocol, accelerator, chips, translator, peripherals, firmware, pins, hertz);
  }

  private MachineConfiguration but(
      BootProtocol otherProtocol,
      AcceleratorKind otherAccelerator,
      InterruptChips otherChips,
      Translator otherTranslator,
      List<DeviceConfiguration> otherPeripherals,
      Optional<Firmware> otherFirmware,
      PinnedProcessors otherPins,
      long otherTimestampHz) {
    return new MachineConfiguration(
        kernel,
        kernelPath,
        initrd,
        commandLine,
        memoryBytes,
        processors,
        cpuModel,
        devices,
        reboot,
        otherProtocol,
        otherAccelerator,
        otherChips,
        otherTranslator,
        otherPeripherals,
        otherFirmware,
        otherPins,
        otherTimestampHz,
        present,
        hostMemory);
  }

  /** The same machine with some of its processors at the start; bit 0 is set. */
  public MachineConfiguration withPresent(long processorsPresent) {
    return but(processorsPresent, hostMemory);
  }

  /** The same machine with its RAM elsewhere on the host. */
  public MachineConfiguration with(HostMemory otherHostMemory) {
    return but(present, otherHostMemory);
  }

  private MachineConfiguration but(long otherPresent, HostMemory otherHostMemory) {
    return new MachineConfiguration(
        kernel,
        kernelPath,
        initrd,
        commandLine,
        memoryBytes,
        processors,
        cpuModel,
        devices,
        reboot,
        protocol,
        accelerator,
        chips,
        translator,
        peripherals,
        firmware,
        pins,
        timestampHz,
        otherPresent,
        otherHostMemory);
  }

  /** Whether processors come and go. */
  public boolean plugsProcessors() {
    return present != 0 && devices.contains("hotplug");
  }

  /** Checks sizes and names. */
  public MachineConfiguration {
    if (memoryBytes < LEAST_MEMORY
        || memoryBytes > MOST_MEMORY
        || memoryBytes % GuestMemory.PAGE != 0) {
      throw new IllegalArgumentException(
          "a machine has 1 MiB to 512 GiB of memory in whole pages, not " + memoryBytes + " bytes");
    }
    if (processors < 1 || processors > MOST_PROCESSORS) {
      throw new IllegalArgumentException(
          "a machine has 1 to " + MOST_PROCESSORS + " processors, not " + processors);
    }
    for (int pinned : pins.hosts().keySet()) {
      if (pinned >= processors) {
        throw new IllegalArgumentException(
            "processor %d is pinned, but the machine has 0 to %d only"
                .formatted(pinned, processors - 1));
      }
    }
    long all = -1L >>> -processors;
    if (present != 0 && ((present & 1) == 0 || (present & ~all) != 0)) {
      throw new IllegalArgumentException(
          "of %d processors, 0 is there, and none of the set 0x%x".formatted(processors, present));
    }
    devices = Set.copyOf(devices);
    peripherals = List.copyOf(peripherals);
    for (String device : devices) {
      if (!OPTIONAL_DEVICES.contains(device)) {
        throw new IllegalArgumentException(
            "no device called " + device + "; there is " + String.join(", ", OPTIONAL_DEVICES));
      }
    }
  }
}
