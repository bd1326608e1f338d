package org.wardian.chipset;

import org.wardian.bus.IoHandler;

/** A single 8-bit port. */
abstract class BytePort implements IoHandler {

  /** The register, 0 to 255. */
  abstract int read();

  /** Takes 0 to 255. */
  abstract void write(int value);

  @Override
  public final int widest() {
    return 1;
  }

  @Override
  public final long read(long offset, int size) {
    return read();
  }

  @Override
  public final void write(long offset, int size, long value) {
    write((int) value & 0xff);
  }
}
