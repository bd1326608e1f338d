package org.wardian.conformance.firmware;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntConsumer;
import org.wardian.boot.BootException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.Firmware;
import org.wardian.machine.MachineConfiguration;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatPort;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.TemporaryOverlay;
import org.wardian.x86.CpuModel;

/**
 * What a {@link Pc} is put together from: the host's SeaBIOS unless something else is said, a
 * display, and what is added. Images are never written to: each has an overlay that is thrown away.
 */
final class PcParts {
  private static final Path BIOS = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path VIDEO_BIOS = Path.of("/usr/share/seabios/vgabios-stdvga.bin");
  private static final long MEMORY = 256L << 20;
  private static final MacAddress ADDRESS = new MacAddress(0x5254_0012_3456L);

  /** Makes a device when the machine is made, and notes what has to be closed after it. */
  private interface Part {
    DeviceConfiguration open(List<AutoCloseable> toClose) throws IOException;
  }

  private final String name;
  private final List<Part> parts = new ArrayList<>();
  private final Map<String, byte[]> files = new HashMap<>();
  private byte[] kernel = {};
  private Optional<byte[]> initrd = Optional.empty();
  private String commandLine = "";
  private Path uefiCode;
  private Path uefiVariables;
  private long memory = MEMORY;
  private int processors = 1;

  /**
   * Nothing but board and display yet.
   *
   * @param name of the picture that is left, and for messages
   */
  PcParts(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  PcParts memory(long bytes) {
    memory = bytes;
    return this;
  }

  PcParts processors(int count) {
    processors = count;
    return this;
  }

  PcParts disk(DiskBus bus, Path image) {
    return medium(bus, image, false);
  }

  PcParts cdrom(DiskBus bus, Path image) {
    return medium(bus, image, true);
  }

  private PcParts medium(DiskBus bus, Path image, boolean cdrom) {
    int number = parts.size();
    parts.add(toClose ->
        new DeviceConfiguration.Disk(
            "disk" + number,
            bus,
            image(image, toClose),
            cdrom,
            "SERIAL" + number,
            1,
            OptionalInt.of(number)));
    return this;
  }

  PcParts floppy(Path image) {
    parts.add(toClose -> new DeviceConfiguration.Floppy("floppy", image(image, toClose)));
    return this;
  }

  private static BlockDevice image(Path file, List<AutoCloseable> toClose) throws IOException {
    OpenOptions options = OpenOptions.readOnly();
    ImageDevice device =
        new ImageDevice(
            file.getFileName().toString(),
            TemporaryOverlay.open(file, options),
            DeviceOptions.usual(),
            cause -> {});
    toClose.add(device);
    return device;
  }

  /** A card behind a NAT of its own. */
  PcParts card(CardModel model, NatConfiguration network) {
    int number = parts.size();
    parts.add(toClose -> {
      NetworkPort port = new NatPort(network);
      toClose.add(port);
      return new DeviceConfiguration.NetworkCard(
          "net", model, port, ADDRESS, 1, OptionalInt.of(number));
    });
    return this;
  }

  /** A file that the firmware is given, such as an option ROM. */
  PcParts file(String file, Path content) throws IOException {
    files.put(file, Files.readAllBytes(content));
    return this;
  }

  /** The firmware is UEFI. */
  PcParts uefi(Path code, Path variables) {
    uefiCode = code;
    uefiVariables = variables;
    return this;
  }

  /** No firmware: the machine enters this kernel. */
  PcParts kernel(Path image, Path ramDisk, String words) throws IOException {
    kernel = Files.readAllBytes(image);
    initrd = Optional.of(Files.readAllBytes(ramDisk));
    commandLine = words;
    return this;
  }

  /** Starts the machine. */
  Pc start() throws IOException, BootException {
    return new Pc(this);
  }

  /** What a machine is made of, and what of it is closed after the machine. */
  record Opened(MachineConfiguration configuration, List<AutoCloseable> toClose) {
    void close() {
      for (AutoCloseable each : toClose) {
        try {
          each.close();
        } catch (Exception e) {
          throw new AssertionError("cannot close " + each, e);
        }
      }
    }
  }

  /**
   * Opens images and network.
   *
   * @param debug takes what the firmware writes to its debug port
   */
  Opened open(IntConsumer debug) throws IOException {
    assumeTrue(Files.exists(BIOS), "Debian's package seabios is not installed");
    List<AutoCloseable> toClose = new ArrayList<>();
    List<DeviceConfiguration> devices = new ArrayList<>();
    for (Part part : parts) {
      devices.add(part.open(toClose));
    }
    devices.add(new DeviceConfiguration.Display("display", Files.readAllBytes(VIDEO_BIOS)));
    MachineConfiguration machine =
        new MachineConfiguration(
                kernel,
                Path.of(name),
                initrd,
                commandLine,
                memory,
                processors,
                CpuModel.standard(),
                Set.of(),
                false)
            .with(devices);
    if (kernel.length == 0) {
      machine = machine.with(firmware(toClose).logTo(debug));
    }
    return new Opened(machine, toClose);
  }

  private Firmware firmware(List<AutoCloseable> toClose) throws IOException {
    if (uefiCode == null) {
      return Firmware.bios(Files.readAllBytes(BIOS)).with(files);
    }
    return Firmware.uefi(Files.readAllBytes(uefiCode), image(uefiVariables, toClose));
  }
}
