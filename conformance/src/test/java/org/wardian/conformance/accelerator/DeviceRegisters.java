package org.wardian.conformance.accelerator;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.IoHandler;

/** Registers in memory that keep what is written to them, and note every access. */
final class DeviceRegisters implements IoHandler {
  private final byte[] bytes;
  private final List<Access> accesses = new ArrayList<>();
  private Runnable beforeRead = () -> {};

  /** Registers of {@code size} bytes; each begins as the low byte of its offset. */
  DeviceRegisters(int size) {
    bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) i;
    }
  }

  /** Called at each read, on the vCPU's thread. */
  void beforeRead(Runnable action) {
    beforeRead = action;
  }

  @Override
  public long read(long offset, int size) {
    beforeRead.run();
    synchronized (this) {
      long value = value(offset, size);
      accesses.add(Access.read(offset, size, value));
      return value;
    }
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    accesses.add(Access.write(offset, size, value));
    for (int i = 0; i < size; i++) {
      bytes[(int) offset + i] = (byte) (value >>> 8 * i);
    }
  }

  /** {@code size} bytes as they are. */
  synchronized long value(long offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | bytes[(int) offset + i] & 0xff;
    }
    return value;
  }

  /** The accesses since the last call, in order. */
  synchronized List<Access> take() {
    List<Access> taken = List.copyOf(accesses);
    accesses.clear();
    return taken;
  }
}
