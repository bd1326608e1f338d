package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.bus.HostTimers;
import org.wardian.host.HostFile;
import org.wardian.memory.GuestMemory;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.block.VirtioBlock;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;
import org.wardian.virtio.input.VirtioKeyboard;
import org.wardian.virtio.net.VirtioNet;
import org.wardian.virtio.p9.VirtioP9;
import org.wardian.virtio.rng.VirtioRng;
import org.wardian.virtio.scsi.ScsiCdRom;
import org.wardian.virtio.scsi.ScsiDisk;
import org.wardian.virtio.scsi.VirtioScsi;
import org.wardian.virtio.vsock.HostSockets;
import org.wardian.virtio.vsock.VirtioVsock;

/**
 * Every kind of device against a driver that writes anything anywhere, also while the device looks.
 * A device may stop and ask for its reset; it may not fail, hang, or fill memory.
 *
 * <p>{@code -Dwardian.fuzz.iterations} is the number of chains offered in all.
 */
class HostileDriverTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int PER_SESSION = 40;
  private static final int SIZE = 16;
  private static final TestPort PORT = new TestPort();

  @TempDir private static Path folder;

  private static final Map<String, Supplier<VirtioDevice>> KINDS =
      Map.of(
          "mirror",
          () -> new MirrorDevice(2, SIZE, true, 1),
          "block",
          () -> new VirtioBlock("block", new MemoryDisk(1 << 16, false), "serial", 2),
          "net",
          () -> new VirtioNet("net", PORT, MacAddress.parse("52:54:00:12:34:56"), 2),
          "scsi",
          () -> {
            VirtioScsi host = new VirtioScsi("scsi", 1);
            host.add(new ScsiDisk(new MemoryDisk(1 << 16, false), "serial"));
            host.add(new ScsiCdRom(new MemoryDisk(1 << 16, true), "serial"));
            return host;
          },
          "balloon",
          () -> new VirtioBalloon("balloon"),
          "p9",
          () -> new VirtioP9("p9", SharedFolder.open(folder, false, Ownership.ROOT), "files"),
          "vsock",
          HostileDriverTest::vsock,
          "input",
          () -> new VirtioKeyboard("keyboard"),
          "rng",
          () -> new VirtioRng("rng", new Random(1), new HostTimers(), 1 << 30),
          "console",
          () ->
              new VirtioConsole(
                  "console",
                  List.of(
                      new ConsolePort("", true, (bytes, offset, length) -> {}),
                      new ConsolePort("name", false, (bytes, offset, length) -> {})),
                  80,
                  25));

  static Stream<String> kinds() {
    return KINDS.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aDeviceSurvives(String kind) {
    assumeTrue(!kind.equals("p9") || HostFile.available(), "folders are of Linux");
    Random random = new Random(kind.hashCode());
    PORT.keeps = false;
    VirtioDevice device = KINDS.get(kind).get();
    try (TestMachine machine = new TestMachine(device)) {
      machine.memory.addRegion(0x2000_0000L, GuestMemory.PAGE, false, "rom");
      TestDriver driver = new TestDriver(machine);
      int share = Math.max(PER_SESSION, ITERATIONS / KINDS.size());
      for (int done = 0; done < share; done += PER_SESSION) {
        session(driver, device, random);
        assertThat(device.failure()).as("%s after %d chains", kind, done).isEmpty();
        machine.messages.clear();
        machine.levels.clear();
      }
      driver.reset();
    }
  }

  private static void session(TestDriver driver, VirtioDevice device, Random random) {
    long features = Features.VERSION_1 | device.features() & random.nextLong();
    features |= random.nextLong() & (Features.PACKED | Features.INDIRECT | Features.EVENT_INDEX);
    if (!device.accepts(features)) {
      features |= device.features();
    }
    driver.negotiate(features);
    DriverQueue[] queues = new DriverQueue[device.queues()];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = driver.queue(i, Math.min(SIZE, device.queueSize(i)));
    }
    if (random.nextInt(4) == 0) {
      driver.useMessages();
    }
    driver.ready();
    // A guest may give up the very pages of its rings.
    boolean sound = !(device instanceof VirtioBalloon);
    for (int i = 0; i < PER_SESSION; i++) {
      DriverQueue queue = queues[random.nextInt(queues.length)];
      while (sound && queue.poll() != null) {
        // Room for more. What is spoiled tells nothing any more.
      }
      offer(driver, queue, random);
      if (random.nextInt(25) == 0) {
        sound = false;
        spoil(driver, queue, random);
      }
      queue.publish();
      if (random.nextInt(3) > 0) {
        driver.notify(queue.index);
      }
      if (device instanceof VirtioNet && random.nextInt(4) == 0) {
        byte[] bytes = new byte[14 + random.nextInt(3000)];
        PORT.card.receive(Frame.complete(bytes, 0, bytes.length));
      }
      registers(driver, random);
    }
  }

  /** Offers a chain that the device may make sense of. */
  private static void offer(TestDriver driver, DriverQueue queue, Random random) {
    long data = 0x20_0000 + random.nextInt(64) * 4096L;
    byte[] bytes = new byte[64];
    random.nextBytes(bytes);
    if (random.nextInt(4) > 0) {
      // A small number first: a type, a class, a command that exists.
      Arrays.fill(bytes, 0, 16, (byte) 0);
      bytes[0] = (byte) random.nextInt(16);
      bytes[1] = (byte) random.nextInt(4);
      bytes[8] = (byte) random.nextInt(130);
    }
    if (driver.machine.device.type() == DeviceType.SCSI && random.nextInt(4) > 0) {
      // The unit and a command that is likely to exist.
      byte[] request = {1, (byte) random.nextInt(3), 0x40, 0};
      System.arraycopy(request, 0, bytes, queue.index == 0 ? 8 : 0, request.length);
      bytes[19] = (byte) SCSI_COMMANDS[random.nextInt(SCSI_COMMANDS.length)];
      Arrays.fill(bytes, 20, 20 + random.nextInt(16), (byte) 0);
    }
    if (driver.machine.device.type() == DeviceType.NINE_P && random.nextInt(4) > 0) {
      // A header, and a fid that exists.
      byte[] header = {(byte) (7 + random.nextInt(50)), 0, 0, 0, (byte) nineP(random), 0, 0, 0};
      System.arraycopy(header, 0, bytes, 0, header.length);
      Arrays.fill(bytes, 8, 11, (byte) 0);
    }
    if (driver.machine.device.type() == DeviceType.SOCKET && random.nextInt(4) > 0) {
      // From the guest to the host, a stream, with a length that may be there.
      Arrays.fill(bytes, 0, 44, (byte) 0);
      bytes[0] = 3;
      bytes[8] = 2;
      bytes[16] = (byte) random.nextInt(3);
      bytes[20] = (byte) random.nextInt(3);
      bytes[24] = (byte) random.nextInt(40);
      bytes[28] = 1;
      bytes[30] = (byte) random.nextInt(9);
      bytes[37] = (byte) random.nextInt(3);
    }
    driver.write(data, bytes);
    boolean reads = true;
    boolean writes = true;
    if (random.nextInt(20) > 0) {
      DeviceType type = driver.machine.device.type();
      boolean control = type == DeviceType.NETWORK && (queue.index == 2 || queue.index == 4);
      boolean pair =
          (type == DeviceType.NETWORK || type == DeviceType.CONSOLE || type == DeviceType.SOCKET)
              && !control;
      reads =
          type == DeviceType.ENTROPY
              ? driver.machine.device instanceof MirrorDevice
              : !pair || queue.index % 2 == 1;
      writes = !pair || queue.index % 2 == 0;
    }
    List<Buffer> chain = new ArrayList<>();
    int readable = reads ? 1 + random.nextInt(3) : 0;
    int writable = writes ? 1 + random.nextInt(3) : 0;
    for (int i = 0; i < readable; i++) {
      chain.add(new Buffer(data + (i == 0 ? 0 : random.nextInt(512)), length(random), false));
    }
    for (int i = 0; i < writable; i++) {
      int length = i > 0 && i == writable - 1 && random.nextBoolean() ? 1 : length(random);
      chain.add(new Buffer(data + 0x4_0000 + random.nextInt(4096), length, true));
    }
    boolean indirect = driver.has(Features.INDIRECT) && random.nextInt(3) == 0;
    if (indirect) {
      driver.forget(0x18_0000);
    }
    queue.add(chain, indirect);
  }

  /** A device whose guest finds programs of the host at ports 0 to 2, which send and read. */
  private static VirtioVsock vsock() {
    try {
      for (int port = 0; port < 3; port++) {
        ServerSocketChannel program = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        program.bind(UnixDomainSocketAddress.of(folder.resolve("v_" + port)));
        Thread.ofPlatform().daemon().start(() -> echo(program));
      }
      return new VirtioVsock("vsock", HostSockets.listen(folder.resolve("v")), 3);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void echo(ServerSocketChannel program) {
    while (true) {
      try (SocketChannel channel = program.accept()) {
        channel.write(ByteBuffer.wrap(new byte[100]));
        channel.read(ByteBuffer.allocate(100));
      } catch (IOException e) {
        // The guest has reset it; the next one comes.
      }
    }
  }

  /** The type of a 9P request: each second one attaches, walks or opens. */
  private static int nineP(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> 104;
      case 1 -> 110;
      case 2 -> 12;
      default -> 8 + 2 * random.nextInt(58);
    };
  }

  /** Writes where a driver that follows the rules would not, also while the device looks. */
  private static void spoil(TestDriver driver, DriverQueue queue, Random random) {
    long at = queue.descriptorArea + 16L * random.nextInt(queue.size);
    switch (random.nextInt(7)) {
      case 0 -> queue.put64(at, address(random));
      case 1 -> queue.put32(at + 8, random.nextBoolean() ? random.nextInt() : 0);
      case 2 -> queue.put16(at + 12, random.nextInt());
      case 3 -> queue.put16(at + 14, random.nextInt());
      case 4 -> queue.put16(queue.driverArea + 2L * random.nextInt(queue.size), random.nextInt());
      case 5 -> queue.put16(queue.deviceArea + 2L * random.nextInt(2), random.nextInt());
      default -> driver.write(0x18_0000 + 2 * random.nextInt(64), (byte) random.nextInt());
    }
  }

  private static long address(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> TestMachine.RAM - random.nextInt(64);
      case 2 -> 0x2000_0000L;
      default -> -random.nextInt(4096);
    };
  }

  private static final int[] SCSI_COMMANDS = {
    0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x2a, 0x35, 0x41, 0x42, 0x43, 0x46, 0x4a,
    0x51, 0x52, 0x5a, 0x88, 0x8a, 0x8f, 0x93, 0x9e, 0xa0, 0xa8, 0xaa, 0xad, 0xbd
  };

  private static int length(Random random) {
    return switch (random.nextInt(20)) {
      case 0 -> 1 + random.nextInt(64);
      case 1 -> 512 * (1 + random.nextInt(4));
      case 2 -> 1 + random.nextInt(4096);
      case 4 -> 1514;
      case 5 -> 32;
      case 6, 7, 8 -> 51;
      case 9, 10 -> 108;
      default -> 16;
    };
  }

  private static void registers(TestDriver driver, Random random) {
    if (driver.machine.device instanceof VirtioKeyboard keyboard) {
      keyboard.key(random.nextInt(0x180), random.nextBoolean());
    } else if (driver.machine.device instanceof VirtioBalloon balloon && random.nextInt(9) == 0) {
      balloon.ask(() -> {});
    }
    switch (random.nextInt(60)) {
      case 0 -> driver.common(random.nextInt(64), 1 << random.nextInt(4), random.nextLong());
      case 1 -> driver.deviceConfig(random.nextInt(64), 1 << random.nextInt(4), random.nextLong());
      case 2 -> driver.status(random.nextInt(256));
      case 3 -> driver.writeConfig(0x40 + random.nextInt(0xc0), 1, random.nextInt());
      case 4 -> driver.common(58, 2, 1);
      case 5 -> driver.notify(random.nextInt(1024));
      case 6 -> driver.legacy(random.nextInt(24), 1 << random.nextInt(3), random.nextInt());
      default -> {
        // Most steps leave the registers alone.
      }
    }
  }
}
