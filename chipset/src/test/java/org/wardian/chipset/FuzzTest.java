package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.bus.InvalidMsrException;
import org.wardian.bus.IoBus;

/** Whatever a guest does to the registers of the board, no chip throws or hangs. */
class FuzzTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int[] SIZES = {1, 2, 4, 8};

  /** One access of any size to a port, a memory-mapped register, an APIC page or an MSR. */
  static void access(TestBoard board, SplittableRandom random) {
    int size = SIZES[random.nextInt(4)];
    long value = value(random);
    switch (random.nextInt(4)) {
      case 0 -> access(board.ports, random, size, value);
      case 1 -> access(board.memory, random, size, value);
      case 2 -> page(board, random, size, value);
      default -> msr(board, random, value);
    }
  }

  /** Edges of ranges as often as anything else. */
  private static long value(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(256);
      case 1 -> random.nextLong();
      case 2 -> -1L << random.nextInt(64);
      default -> 1L << random.nextInt(64);
    };
  }

  private static void access(IoBus bus, SplittableRandom random, int size, long value) {
    List<IoBus.Window> windows = bus.windows();
    IoBus.Window window = windows.get(random.nextInt(windows.size()));
    long within = random.nextInt(4) == 0 ? window.length() : Math.min(window.length(), 0x1000);
    long address = window.base() + random.nextLong(within);
    if (window.base() == PciHost.ECAM_BASE && random.nextBoolean()) {
      address = PciHost.ECAM_BASE + (4 << 15) + random.nextInt(256);
    }
    if (random.nextBoolean()) {
      long read = bus.read(address, size);
      assertThat(size == 8 ? 0 : read >>> (8 * size)).isZero();
    } else {
      bus.write(address, size, value);
    }
  }

  private static TestProcessor processor(TestBoard board, SplittableRandom random) {
    return board.processors.get(random.nextInt(board.processors.size()));
  }

  private static void page(TestBoard board, SplittableRandom random, int size, long value) {
    LocalApic apic = processor(board, random).apic;
    int offset = random.nextInt(4) == 0 ? random.nextInt(4096) : random.nextInt(64) << 4;
    if (random.nextBoolean()) {
      assertThat(size == 8 ? 0 : apic.readRegister(offset, size) >>> (8 * size)).isZero();
    } else {
      apic.writeRegister(offset, size, value);
    }
    if (random.nextBoolean()) {
      apic.acknowledge();
    }
    apic.taskPriority(random.nextInt(8));
  }

  private static void msr(TestBoard board, SplittableRandom random, long value) {
    LocalApic apic = processor(board, random).apic;
    int index =
        switch (random.nextInt(8)) {
          case 0 -> 0x1b;
          case 1 -> 0x6e0;
          default -> 0x800 + random.nextInt(0x100);
        };
    try {
      if (random.nextBoolean()) {
        apic.readMsr(index);
      } else if (index == 0x1b) {
        apic.writeMsr(index, 0xfee00000L | value & 0xd00);
      } else {
        apic.writeMsr(index, value);
      }
    } catch (InvalidMsrException e) {
      assertThat(e.index()).isEqualTo(index);
    }
  }

  private static void event(TestBoard board, SplittableRandom random) {
    switch (random.nextInt(8)) {
      case 0 -> board.timers.advance(random.nextLong(3_000_000));
      case 1 -> board.timers.advance(random.nextLong(100));
      case 2 -> board.serial.offer(new byte[50], 0, random.nextInt(51));
      case 3 -> board.probe.assertInterrupt(random.nextBoolean());
      case 4 -> board.probe.msi.send(random.nextInt(4));
      case 5 -> board.probe.msix.send(random.nextInt(3));
      case 6 -> board.acpi.pressPowerButton();
      default -> board.serial.modemInputs(random.nextBoolean(), true, random.nextBoolean(), true);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @Timeout(600)
  void anyAccessIsAnswered(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TestBoard board = new TestBoard();
    for (int i = 0; i < ITERATIONS; i++) {
      access(board, random);
      if (i % 8 == 0) {
        event(board, random);
      }
    }
    assertThat(board.power.requests).as("even the machine's end was asked for").isNotEmpty();
  }

  @Test
  @Timeout(600)
  void everyPortTakesEveryByte() {
    TestBoard board = new TestBoard();
    for (IoBus.Window window : board.ports.windows()) {
      for (long port = window.base(); port < window.base() + window.length(); port++) {
        for (int value = 0; value < 256; value++) {
          board.ports.write(port, 1, value);
          assertThat(board.ports.read(port, 1)).isBetween(0L, 255L);
        }
        board.timers.advance(1_000_000);
      }
    }
  }

  @Test
  @Timeout(600)
  void processorsMayTouchTheBoardAtOnce() throws InterruptedException {
    TestBoard board = new TestBoard(4);
    Thread[] threads = new Thread[4];
    Throwable[] failures = new Throwable[threads.length];
    for (int i = 0; i < threads.length; i++) {
      int number = i;
      threads[i] =
          Thread.ofPlatform()
              .start(() -> {
                SplittableRandom random = new SplittableRandom(number);
                for (int n = 0; n < ITERATIONS / 4; n++) {
                  access(board, random);
                  if (n % 8 == 0) {
                    event(board, random);
                  }
                }
              });
      threads[i].setUncaughtExceptionHandler((thread, e) -> failures[number] = e);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).containsOnlyNulls();
  }
}
