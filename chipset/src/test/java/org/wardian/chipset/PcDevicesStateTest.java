package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.bus.Device;
import org.wardian.bus.IoBus;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.display.Screen;
import org.wardian.network.Frame;
import org.wardian.storage.BlockRequest;

/** Whatever a guest does to the devices of a PC, they answer, and their state moves. */
class PcDevicesStateTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  /** Where a function's own state begins in its record, behind its configuration space. */
  private static final int CONFIGURATION = 280;

  private static final int[] SIZES = {1, 2, 4, 8};

  private static byte[] save(PcDevices pc) {
    StateWriter out = new StateWriter();
    pc.devices().forEach(device -> device.save(out));
    return out.toByteArray();
  }

  private static void load(PcDevices pc, byte[] state) {
    StateReader in = new StateReader(state);
    pc.devices().forEach(device -> device.load(in));
    in.finish();
  }

  private static void access(PcDevices pc, SplittableRandom random) {
    IoBus bus = random.nextBoolean() ? pc.ports : pc.mmio;
    List<IoBus.Window> windows = bus.windows();
    IoBus.Window window = windows.get(random.nextInt(windows.size()));
    long most = window.base() == PciHost.ECAM_BASE ? window.length() : 0x400;
    long within = Math.min(window.length(), random.nextInt(8) == 0 ? window.length() : most);
    long at = window.base() + random.nextLong(within);
    int size = SIZES[random.nextInt(4)];
    if (random.nextBoolean()) {
      at &= -size;
    }
    // Configuration space of the host bridge moves everything: seldom.
    if (random.nextBoolean() || window.base() == PciHost.ECAM_BASE && random.nextInt(8) != 0) {
      bus.read(at, size);
    } else {
      bus.write(at, size, value(random));
    }
  }

  private static long value(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> random.nextInt(256);
      case 1 -> random.nextLong();
      case 2 -> random.nextInt(0xa0) << 12;
      case 3 -> -1L << random.nextInt(64);
      default -> 1L << random.nextInt(64);
    };
  }

  /** Commands that begin something, with what they point to filled by chance. */
  private static void purpose(PcDevices pc, SplittableRandom random) {
    int[] commands = {
      0x20, 0x30, 0xc4, 0xc5, 0xc8, 0xca, 0x25, 0x35, 0xec, 0xa0, 0xa1, 0xb0, 0xe7, 0x06, 0xef,
    };
    switch (random.nextInt(8)) {
      case 0 -> {
        int base = random.nextBoolean() ? 0x1f0 : 0x170;
        for (int register = 1; register < 6; register++) {
          pc.out(base + register, random.nextInt(4));
        }
        pc.out(base + 6, 0xe0);
        pc.out(base + 7, commands[random.nextInt(commands.length)]);
      }
      case 1 -> {
        int base = random.nextBoolean() ? 0x1f0 : 0x170;
        for (int i = random.nextInt(300); i > 0; i--) {
          pc.ports.write(base, 2, random.nextInt(4) == 0 ? random.nextInt(0x10000) : 0);
        }
      }
      case 2 -> {
        int base = random.nextBoolean() ? 0x1f0 : 0x170;
        for (int i = random.nextInt(300); i > 0; i--) {
          pc.ports.read(base, 2);
        }
      }
      case 3 -> ahci(pc, random, commands[random.nextInt(commands.length)]);
      case 4 -> {
        for (int i = random.nextInt(10); i > 0; i--) {
          pc.out(0x3f5, random.nextInt(4) == 0 ? random.nextInt(256) : 6);
          pc.in(0x3f5);
        }
      }
      case 5 -> {
        for (int word = 0; word < 16; word++) {
          pc.poke(0x1000L * random.nextInt(0xa0) + 4L * word, (int) value(random));
        }
      }
      case 6 -> pc.port.receiver.receive(Frame.complete(new byte[64], 0, 14 + random.nextInt(50)));
      default -> {
        pc.timers.advance(random.nextLong(3_000_000));
        pc.keyboard.keys().key(random.nextInt(0x200), random.nextBoolean());
        pc.keyboard.pointer().pointer(random.nextInt(640), random.nextInt(480), 640, 480, 0, 1);
        BlockRequest.Result[] results = BlockRequest.Result.values();
        pc.disk.failure =
            random.nextInt(4) == 0
                ? results[random.nextInt(results.length)]
                : BlockRequest.Result.OK;
      }
    }
  }

  private static void ahci(PcDevices pc, SplittableRandom random, int command) {
    int list = 0x2000;
    int table = 0x4000;
    pc.poke(list, 5 | 0x20 * random.nextInt(2) | random.nextInt(4) << 16, 0, table, 0);
    pc.poke(table, 0x8027 | command << 16, random.nextInt(64), 0, random.nextInt(8));
    for (int i = 0; i < 4; i++) {
      pc.poke(table + 0x80 + 16L * i, 0x10000 * i, 0, 0, random.nextInt(0x2000));
    }
    for (int port = 0; port < 2; port++) {
      int base = 0x100 + 0x80 * port;
      pc.mmio.write(PcDevices.AHCI + base, 4, list);
      pc.mmio.write(PcDevices.AHCI + base + 0x18, 4, 0x10);
      pc.mmio.write(PcDevices.AHCI + base + 0x18, 4, 0x11);
      pc.mmio.write(PcDevices.AHCI + base + 0x38, 4, 1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  @Timeout(600)
  void anyAccessIsAnswered(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    try (PcDevices pc = new PcDevices().configured()) {
      for (int i = 0; i < ITERATIONS; i++) {
        access(pc, random);
        if (i % 4 == 0) {
          purpose(pc, random);
        }
        if (i % 512 == 0) {
          pc.configured();
          new VgaLook(pc).look();
        }
      }
      assertThat(pc.pci.name()).isEqualTo("pci-host");
    }
  }

  /** Looks at whatever mode the guest has set. */
  private record VgaLook(PcDevices pc) {
    void look() {
      try (var viewer = pc.vga.screen().view()) {
        viewer.changes(
            new Screen.Painter() {
              @Override
              public void size(int width, int height, boolean resized) {
                assertThat(width * height).isPositive();
              }

              @Override
              public void rectangle(int x, int y, int w, int h, int[] pixels, int stride) {
                assertThat((y + h - 1) * stride + x + w).isLessThanOrEqualTo(pixels.length);
              }
            },
            true);
      }
    }
  }

  @Test
  void stateMovesUnchanged() {
    SplittableRandom random = new SplittableRandom(5);
    try (PcDevices pc = new PcDevices().configured();
        PcDevices other = new PcDevices()) {
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 200; i++) {
          access(pc, random);
          purpose(pc, random);
        }
        pc.devices().forEach(Device::pause);
        other.timers.advance(pc.timers.nanoseconds() - other.timers.nanoseconds());
        load(other, save(pc));
        for (int i = 0; i < all(pc).size(); i++) {
          String where = "round " + round + ", " + all(pc).get(i).name();
          int differs = Arrays.mismatch(record(all(pc).get(i)), record(all(other).get(i)));
          assertThat(differs).as(where).isEqualTo(-1);
        }
        pc.devices().forEach(Device::resume);
      }
    }
  }

  /** Functions by themselves, and what is none. */
  private static List<Device> all(PcDevices pc) {
    List<Device> all = new ArrayList<>(List.of(pc.ide, pc.ahci, pc.card, pc.lpc, pc.vga));
    all.addAll(pc.devices());
    return all;
  }

  @Test
  void whatIsUnderWayIsCarriedOutAgain() {
    try (PcDevices pc = new PcDevices().configured();
        PcDevices other = new PcDevices()) {
      pc.devices().forEach(Device::pause);
      pc.out(0x1f2, 1);
      pc.out(0x1f3, 9);
      pc.out(0x1f6, 0xe0);
      pc.out(0x1f7, 0x20);
      assertThat(pc.in(0x1f7) & 0x80).as("busy").isEqualTo(0x80);
      load(other, save(pc));
      other.devices().forEach(Device::start);
      assertThat(other.in(0x1f7)).isEqualTo(0x58);
      assertThat(other.ports.read(0x1f0, 4))
          .isEqualTo(
              pc.disk.sector(9)[0] & 0xff
                  | (pc.disk.sector(9)[1] & 0xff) << 8
                  | (pc.disk.sector(9)[2] & 0xff) << 16
                  | (long) (pc.disk.sector(9)[3] & 0xff) << 24);
    }
  }

  @Test
  void resetGivesTheStateOfNewDevices() {
    SplittableRandom random = new SplittableRandom(6);
    try (PcDevices pc = new PcDevices().configured()) {
      for (int i = 0; i < 500; i++) {
        access(pc, random);
        purpose(pc, random);
      }
      pc.devices().forEach(Device::reset);
      byte[] once = save(pc);
      pc.devices().forEach(Device::reset);
      assertThat(save(pc)).isEqualTo(once);
      assertThat(pc.lines[14].level).isFalse();
      assertThat(pc.memory.region(PcDevices.FRAME_BUFFER)).isNull();
    }
  }

  @Test
  @Timeout(600)
  void hostileStateIsRefusedOrLeavesWorkingDevices() {
    SplittableRandom random = new SplittableRandom(7);
    try (PcDevices pc = new PcDevices().configured()) {
      List<Device> devices = pc.devices().subList(1, pc.devices().size());
      List<byte[]> records = devices.stream().map(PcDevicesStateTest::record).toList();
      int refused = 0;
      for (int i = 0; i < ITERATIONS / 4; i++) {
        int index = random.nextInt(records.size());
        byte[] state = records.get(index).clone();
        for (int n = random.nextInt(1, 6); n > 0; n--) {
          state[random.nextInt(Math.min(state.length, 400))] = (byte) random.nextInt();
        }
        try {
          devices.get(index).load(new StateReader(state));
        } catch (StateException e) {
          refused++;
        }
        access(pc, random);
        purpose(pc, random);
      }
      assertThat(refused).isPositive();
    }
  }

  @Test
  @Timeout(600)
  void hostileStateOfFunctionsToo() {
    SplittableRandom random = new SplittableRandom(8);
    try (PcDevices pc = new PcDevices().configured()) {
      List<Device> devices = List.of(pc.ide, pc.ahci, pc.card, pc.lpc);
      List<byte[]> records = devices.stream().map(PcDevicesStateTest::record).toList();
      int refused = 0;
      for (int i = 0; i < ITERATIONS / 4; i++) {
        int index = random.nextInt(records.size());
        byte[] state = records.get(index).clone();
        for (int n = random.nextInt(1, 6); n > 0; n--) {
          int own = Math.min(CONFIGURATION, state.length - 1);
          state[own + random.nextInt(state.length - own)] = (byte) random.nextInt();
        }
        try {
          devices.get(index).load(new StateReader(state));
          devices.get(index).start();
        } catch (StateException e) {
          refused++;
        }
        access(pc, random);
        purpose(pc, random);
      }
      assertThat(refused).isPositive();
    }
  }

  private static byte[] record(Device device) {
    StateWriter out = new StateWriter();
    device.save(out);
    return out.toByteArray();
  }
}
