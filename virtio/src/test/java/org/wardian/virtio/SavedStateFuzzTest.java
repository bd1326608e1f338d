package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.HostFile;
import org.wardian.network.MacAddress;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.block.VirtioBlock;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;
import org.wardian.virtio.input.VirtioTablet;
import org.wardian.virtio.net.VirtioNet;
import org.wardian.virtio.p9.VirtioP9;
import org.wardian.virtio.rng.VirtioRng;
import org.wardian.virtio.scsi.ScsiCdRom;
import org.wardian.virtio.scsi.VirtioScsi;
import org.wardian.virtio.vsock.HostSockets;
import org.wardian.virtio.vsock.VirtioVsock;

/**
 * Saved states with bytes changed are loaded or refused by a {@link StateException}, and what was
 * loaded runs.
 *
 * <p>{@code -Dwardian.fuzz.iterations} is a hundred times the number of states.
 */
class SavedStateFuzzTest {
  private static final int STATES = Integer.getInteger("wardian.fuzz.iterations", 20_000) / 100;

  @TempDir private static Path folder;

  private static final Map<String, Supplier<VirtioDevice>> KINDS =
      Map.of(
          "mirror", () -> new MirrorDevice(2, 16, false, 1),
          "block", () -> new VirtioBlock("block", new MemoryDisk(1 << 16, false), "serial", 2),
          "net",
              () -> new VirtioNet("net", new TestPort(), MacAddress.parse("52:54:00:12:34:56"), 2),
          "rng", () -> new VirtioRng("rng", new Random(1), new ManualTimers(), 1 << 20),
          "console",
              () ->
                  new VirtioConsole(
                      "console",
                      List.of(
                          new ConsolePort("", true, (bytes, offset, length) -> {}),
                          new ConsolePort("name", false, (bytes, offset, length) -> {})),
                      80,
                      25),
          "scsi",
              () -> {
                VirtioScsi host = new VirtioScsi("scsi", 1);
                host.add(new ScsiCdRom(new MemoryDisk(1 << 16, true), "serial"));
                return host;
              },
          "balloon", () -> new VirtioBalloon("balloon"),
          "p9", SavedStateFuzzTest::p9,
          "vsock", SavedStateFuzzTest::vsock,
          "input", () -> new VirtioTablet("tablet"));

  /** What the devices of a state have of the host's, which is closed behind them. */
  private static final Deque<AutoCloseable> OPENED = new ArrayDeque<>();

  private static VirtioP9 p9() {
    SharedFolder shared = SharedFolder.open(folder, false, Ownership.ROOT);
    OPENED.add(shared);
    return new VirtioP9("p9", shared, "files");
  }

  private static VirtioVsock vsock() {
    try {
      // Each device has sockets of its own.
      HostSockets sockets = HostSockets.listen(folder.resolve("v" + System.nanoTime()));
      OPENED.add(sockets);
      return new VirtioVsock("vsock", sockets, 3);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<String> kinds() {
    return KINDS.keySet().stream().sorted();
  }

  @AfterEach
  void closeOpened() throws Exception {
    while (!OPENED.isEmpty()) {
      OPENED.remove().close();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aChangedStateIsLoadedOrRefused(String kind) throws Exception {
    assumeTrue(!kind.equals("p9") || HostFile.available(), "folders are of Linux");
    Random random = new Random(kind.hashCode());
    byte[] sound = saved(KINDS.get(kind).get(), random.nextBoolean());
    int loaded = 0;
    for (int i = 0; i < STATES / KINDS.size(); i++) {
      byte[] state = sound.clone();
      int changes = i == 0 ? 0 : 1 + random.nextInt(3);
      for (int n = 0; n < changes; n++) {
        state[random.nextInt(state.length)] = (byte) random.nextInt();
      }
      VirtioDevice device = KINDS.get(kind).get();
      try (TestMachine machine = new TestMachine(device, false)) {
        try {
          machine.pci.load(new StateReader(state));
        } catch (StateException e) {
          assertThat(i).as("the sound state is refused: %s", e.getMessage()).isNotZero();
          continue;
        }
        loaded++;
        machine.pci.start();
        TestDriver.await("idle", device::idle);
        assertThat(device.failure()).isEmpty();
      } finally {
        closeOpened();
      }
    }
    assertThat(loaded).isPositive();
  }

  /** The state of a device that a driver uses, with a chain that it has. */
  private static byte[] saved(VirtioDevice device, boolean packed) {
    try (TestMachine machine = new TestMachine(device)) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(Features.VERSION_1 | (packed ? Features.PACKED : 0));
      DriverQueue first = driver.queue(0, 16);
      for (int i = 1; i < device.queues(); i++) {
        driver.queue(i, 16);
      }
      driver.useMessages();
      driver.ready();
      if (device instanceof MirrorDevice mirror) {
        mirror.holds = true;
      }
      long at = driver.allocate(64);
      first.add(List.of(new Buffer(at, 24, false), new Buffer(at + 32, 16, true)), false);
      first.kick();
      TestDriver.await("idle", device::idle);
      machine.pci.pause();
      StateWriter out = new StateWriter();
      machine.pci.save(out);
      return out.toByteArray();
    }
  }
}
