package org.wardian.chipset;

import org.wardian.bus.IoHandler;

/**
 * The power-on self-test code port, 0x80. Guests write to it to pass about a microsecond; the last
 * code can be read back, as on boards with a diagnostic latch.
 */
public final class PostPort implements IoHandler {
  /** The port. */
  public static final int PORT = 0x80;

  private volatile int code;

  /** Makes the port. */
  public PostPort() {}

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public long read(long offset, int size) {
    return code;
  }

  @Override
  public void write(long offset, int size, long value) {
    code = (int) value & 0xff;
  }
}
