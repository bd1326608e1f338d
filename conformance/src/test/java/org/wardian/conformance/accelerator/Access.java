package org.wardian.conformance.accelerator;

/**
 * One call of a bus.
 *
 * @param write whether the guest wrote
 * @param offset in the window
 * @param size bytes
 * @param value what was written or answered
 */
record Access(boolean write, long offset, int size, long value) {
  static Access write(long offset, int size, long value) {
    return new Access(true, offset, size, value);
  }

  static Access read(long offset, int size, long value) {
    return new Access(false, offset, size, value);
  }

  @Override
  public String toString() {
    return "%s %#x/%d %#x".formatted(write ? "write" : "read", offset, size, value);
  }
}
