package org.wardian.chipset;

import java.util.function.IntConsumer;

/**
 * The debug console of firmware at port 0x402: what is written there goes to a log, and it reads as
 * 0xe9 so that firmware knows that somebody listens (the convention of Bochs and QEMU's
 * "isa-debugcon").
 */
public final class DebugPort extends BytePort {
  /** The port. */
  public static final int PORT = 0x402;

  private static final int PRESENT = 0xe9;

  private final IntConsumer log;

  /**
   * Makes the port.
   *
   * @param log takes bytes, 0 to 255, on the vCPU's thread
   */
  public DebugPort(IntConsumer log) {
    this.log = log;
  }

  @Override
  int read() {
    return PRESENT;
  }

  @Override
  void write(int value) {
    log.accept(value);
  }
}
