package org.wardian.bus;

import java.util.ArrayList;
import java.util.List;

/** Registers that note every access and read as their own offsets. */
final class RecordingHandler implements IoHandler {
  final List<String> accesses = new ArrayList<>();
  private final int widest;

  RecordingHandler(int widest) {
    this.widest = widest;
  }

  @Override
  public int widest() {
    return widest;
  }

  @Override
  public long read(long offset, int size) {
    accesses.add("r%d@%d".formatted(size, offset));
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (offset + i & 0xff) << (8 * i);
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value) {
    accesses.add("w%d@%d=%x".formatted(size, offset, value));
  }
}
