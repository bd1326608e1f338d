package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.BooleanSupplier;
import org.wardian.bus.IoHandler;

/** A driver of the modern interface, by configuration space and registers alone. */
final class TestDriver {
  static final int ACKNOWLEDGE = 1;
  static final int DRIVER = 2;
  static final int DRIVER_OK = 4;
  static final int FEATURES_OK = 8;
  static final int NEEDS_RESET = 0x40;

  private static final long BAR = 0xc000_0000L;
  private static final long MSIX_BAR = 0xc010_0000L;
  private static final int IO_BAR = 0x1000;
  private static final long PATIENCE = 300_000_000_000L;

  final TestMachine machine;
  private final IoHandler config;
  private final long[] structures = new long[6];
  private int notifyMultiplier;
  private long features;
  private long nextFree = 0x10_0000;

  private TestDriver(TestMachine machine, TestDriver before) {
    this.machine = machine;
    this.config = machine.pci.ecam();
    System.arraycopy(before.structures, 0, structures, 0, structures.length);
    notifyMultiplier = before.notifyMultiplier;
    features = before.features;
    nextFree = before.nextFree;
  }

  TestDriver(TestMachine machine) {
    this.machine = machine;
    this.config = machine.pci.ecam();
    writeConfig(0x20, 4, BAR);
    writeConfig(0x24, 4, 0);
    writeConfig(0x14, 4, MSIX_BAR);
    if ((readConfig(0x10, 4) & 1) != 0) {
      writeConfig(0x10, 4, IO_BAR);
    }
    writeConfig(0x04, 2, 7);
    for (int at = (int) readConfig(0x34, 1); at != 0; at = (int) readConfig(at + 1, 1)) {
      if (readConfig(at, 1) == 9) {
        int kind = (int) readConfig(at + 3, 1);
        structures[kind] = BAR + readConfig(at + 8, 4);
        if (kind == 2) {
          notifyMultiplier = (int) readConfig(at + 16, 4);
        }
      }
    }
  }

  /** Puts the device's window elsewhere. */
  void moveWindow(long base) {
    long moved = base - (readConfig(0x20, 4) & ~0xfL);
    writeConfig(0x20, 4, base);
    for (int i = 0; i < structures.length; i++) {
      structures[i] += moved;
    }
  }

  long readConfig(int offset, int size) {
    return config.read((long) TestMachine.SLOT << 15 | offset, size) & -1L >>> 64 - 8 * size;
  }

  void writeConfig(int offset, int size, long value) {
    config.write((long) TestMachine.SLOT << 15 | offset, size, value);
  }

  long common(int offset, int size) {
    return machine.mmio.read(structures[1] + offset, size);
  }

  void common(int offset, int size, long value) {
    machine.mmio.write(structures[1] + offset, size, value);
  }

  long deviceConfig(int offset, int size) {
    return machine.mmio.read(structures[4] + offset, size);
  }

  void deviceConfig(int offset, int size, long value) {
    machine.mmio.write(structures[4] + offset, size, value);
  }

  long legacy(int offset, int size) {
    return machine.ports.read(IO_BAR + offset, size);
  }

  void legacy(int offset, int size, long value) {
    machine.ports.write(IO_BAR + offset, size, value);
  }

  int interruptStatus() {
    return (int) machine.mmio.read(structures[3], 1);
  }

  int status() {
    return (int) common(20, 1);
  }

  void status(int value) {
    common(20, 1, value);
  }

  long offered() {
    common(0, 4, 1);
    long high = common(4, 4);
    common(0, 4, 0);
    return high << 32 | common(4, 4);
  }

  long features() {
    return features;
  }

  boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** Resets the device and agrees on features; the queues are next, then {@link #ready}. */
  void negotiate(long wanted) {
    reset();
    status(ACKNOWLEDGE | DRIVER);
    features = wanted;
    common(8, 4, 0);
    common(12, 4, wanted & 0xffff_ffffL);
    common(8, 4, 1);
    common(12, 4, wanted >>> 32);
    status(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    assertThat(status() & FEATURES_OK).as("features agreed").isEqualTo(FEATURES_OK);
  }

  void reset() {
    status(0);
    await("reset", () -> status() == 0);
    nextFree = 0x10_0000;
  }

  void ready() {
    status(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  }

  /** Turns MSI-X on: the configuration has vector 0, queue {@code i} vector i + 1. */
  void useMessages() {
    int capability = (int) readConfig(0x34, 1);
    while (readConfig(capability, 1) != 0x11) {
      capability = (int) readConfig(capability + 1, 1);
    }
    int vectors = (int) (readConfig(capability + 2, 2) & 0x7ff) + 1;
    for (int vector = 0; vector < vectors; vector++) {
      machine.mmio.write(MSIX_BAR + 16 * vector, 4, 0xfee0_0000L);
      machine.mmio.write(MSIX_BAR + 16 * vector + 8, 4, vector);
      machine.mmio.write(MSIX_BAR + 16 * vector + 12, 4, 0);
    }
    writeConfig(capability + 2, 2, 0x8000);
    common(16, 2, 0);
    for (int queue = 0; queue + 1 < vectors; queue++) {
      common(22, 2, queue);
      common(26, 2, queue + 1);
    }
  }

  /** Makes a queue of the form that was agreed, and tells the device. */
  DriverQueue queue(int index, int size) {
    DriverQueue queue =
        has(Features.PACKED)
            ? new PackedDriverQueue(this, index, size)
            : new SplitDriverQueue(this, index, size);
    describe(queue, index, size);
    return queue;
  }

  void describe(DriverQueue queue, int index, int size) {
    common(22, 2, index);
    common(24, 2, size);
    common(32, 8, queue.descriptorArea);
    common(40, 8, queue.driverArea);
    common(48, 8, queue.deviceArea);
    common(28, 2, 1);
  }

  void notify(int queue) {
    machine.mmio.write(structures[2] + (long) notifyMultiplier * queue, 2, queue);
  }

  /** Guest memory that nobody else uses. */
  long allocate(int length) {
    long address = nextFree;
    nextFree += length + 63 & -64;
    if (nextFree > TestMachine.RAM) {
      throw new IllegalStateException("the guest's memory is used up");
    }
    return address;
  }

  /** Gives memory from {@code address} on out again. */
  void forget(long address) {
    nextFree = address;
  }

  /** The same driver in a machine that was loaded from the state of this one. */
  TestDriver movedTo(TestMachine other) {
    return new TestDriver(other, this);
  }

  byte[] read(long address, int length) {
    byte[] bytes = new byte[length];
    machine.memory.read(address, bytes, 0, length);
    return bytes;
  }

  void write(long address, byte... bytes) {
    machine.memory.write(address, bytes, 0, bytes.length);
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain: " + what);
      }
      Thread.onSpinWait();
      Thread.yield();
    }
  }
}
