package org.wardian.conformance.accelerator;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;

/**
 * An exception or interrupt as the guest's handler found it.
 *
 * @param stackPointer RSP of the frame, in 64-bit mode
 * @param depth handlers at work, this one included
 */
record TakenEvent(
    int vector,
    long error,
    long rip,
    int cs,
    long flags,
    long stackPointer,
    int ss,
    long cr2,
    long dr6,
    int depth) {
  private static final int STRIDE = 80;

  /** Entry {@code n} of the guest's log. */
  static TakenEvent read(GuestMemory memory, int n) {
    long at = memory.hostAddress(GuestLayout.LOG + 16 + (long) STRIDE * n);
    return new TakenEvent(
        (int) RawMemory.getLong(at),
        RawMemory.getLong(at + 8),
        RawMemory.getLong(at + 16),
        (int) RawMemory.getLong(at + 24),
        RawMemory.getLong(at + 32),
        RawMemory.getLong(at + 40),
        (int) RawMemory.getLong(at + 48),
        RawMemory.getLong(at + 56),
        RawMemory.getLong(at + 64),
        (int) RawMemory.getLong(at + 72));
  }
}
