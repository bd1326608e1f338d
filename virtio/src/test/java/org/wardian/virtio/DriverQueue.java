package org.wardian.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.wardian.memory.MemoryLoan;

/** The driver's side of a queue, in guest memory. */
abstract class DriverQueue {
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  /** A run of guest memory in a chain. */
  record Buffer(long address, int length, boolean writes) {}

  /** What came back: the number that {@link #add} gave, and the bytes written. */
  record Used(int id, int written) {}

  TestDriver driver;
  final int index;
  final int size;
  long descriptorArea;
  long driverArea;
  long deviceArea;

  DriverQueue(TestDriver driver, int index, int size) {
    this.driver = driver;
    this.index = index;
    this.size = size;
  }

  /**
   * Makes a chain available, for the device to see at the next {@link #publish}.
   *
   * @param indirect whether in a table of its own
   * @return its number, or -1 where the queue has no room
   */
  abstract int add(List<Buffer> chain, boolean indirect);

  /** Shows the device what was added. */
  abstract void publish();

  /** Whether the device asked to be notified of what was published since the last call. */
  abstract boolean notifyWanted();

  /** The next chain that came back, or null. */
  abstract Used poll();

  /** Asks for an interrupt at the next chain that comes back. */
  abstract void enableInterrupts();

  abstract void disableInterrupts();

  /** Shows what was added, and notifies the device if it wants that. */
  final void kick() {
    publish();
    if (notifyWanted()) {
      driver.notify(index);
    }
  }

  /** The same queue in another machine. */
  final DriverQueue movedTo(TestDriver other) {
    driver = other;
    return this;
  }

  final Used await() {
    Used[] found = new Used[1];
    TestDriver.await("a chain back", () -> (found[0] = poll()) != null);
    return found[0];
  }

  /** Sends one chain and waits for it; bytes written. */
  final int transact(List<Buffer> chain) {
    add(chain, false);
    kick();
    return await().written();
  }

  /** Writes a table of descriptors, which are chained by index where {@code linked}. */
  final long table(List<Buffer> chain, boolean linked) {
    long table = driver.allocate(16 * chain.size());
    ByteBuffer bytes = ByteBuffer.allocate(16 * chain.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < chain.size(); i++) {
      Buffer buffer = chain.get(i);
      boolean last = i == chain.size() - 1;
      int flags = (buffer.writes() ? WRITE : 0) | (linked && !last ? NEXT : 0);
      bytes.putLong(buffer.address()).putInt(buffer.length());
      if (linked) {
        bytes.putShort((short) flags).putShort((short) (last ? 0 : i + 1));
      } else {
        bytes.putShort((short) 0).putShort((short) flags);
      }
    }
    driver.write(table, bytes.array());
    return table;
  }

  final int get16(long address) {
    try (MemoryLoan loan = driver.machine.memory.lend(address, 2)) {
      return loan.getShortVolatile(0);
    }
  }

  final void put16(long address, int value) {
    try (MemoryLoan loan = driver.machine.memory.lend(address, 2)) {
      loan.putShortVolatile(0, value);
    }
  }

  final int get32(long address) {
    return get16(address) | get16(address + 2) << 16;
  }

  final void put32(long address, int value) {
    put16(address, value);
    put16(address + 2, value >>> 16);
  }

  final void put64(long address, long value) {
    put32(address, (int) value);
    put32(address + 4, (int) (value >>> 32));
  }

  static boolean passed(int event, int now, int before) {
    return (now - event - 1 & 0xffff) < (now - before & 0xffff);
  }
}
