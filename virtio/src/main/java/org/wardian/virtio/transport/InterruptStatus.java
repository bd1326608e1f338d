package org.wardian.virtio.transport;

import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;

/**
 * The ISR status (virtio 1.2 §4.1.4.5): what INTx was asserted for. Reading it releases the line.
 * Any thread.
 */
final class InterruptStatus implements IoHandler {
  static final int QUEUE = 1;
  static final int CONFIGURATION = 2;

  private final Object lock;
  private final InterruptLine line;
  private int bits;

  /**
   * @param lock the monitor that guards it and the line
   */
  InterruptStatus(Object lock, InterruptLine line) {
    this.lock = lock;
    this.line = line;
  }

  void raise(int bit) {
    synchronized (lock) {
      bits |= bit;
      line.set(true);
    }
  }

  int take() {
    synchronized (lock) {
      int taken = bits;
      set(0);
      return taken;
    }
  }

  int get() {
    synchronized (lock) {
      return bits;
    }
  }

  void set(int value) {
    synchronized (lock) {
      bits = value;
      line.set(value != 0);
    }
  }

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public long read(long offset, int size) {
    return offset == 0 ? take() : 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    // Read-only.
  }
}
