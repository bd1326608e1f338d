package org.wardian.conformance.accelerator;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.IoHandler;

/** Ports that note every access; each read answers with the next of a sequence of numbers. */
final class PortLatch implements IoHandler {
  private final List<Access> accesses = new ArrayList<>();
  private int reads;

  /** What read number {@code n} answers, from 0. */
  static long answer(int n, int size) {
    long value = 0x9e37_79b9_7f4a_7c15L * (n + 1);
    return value >>> (64 - 8 * size);
  }

  @Override
  public synchronized long read(long offset, int size) {
    long value = answer(reads++, size);
    accesses.add(Access.read(offset, size, value));
    return value;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    accesses.add(Access.write(offset, size, value));
  }

  /** All accesses so far, in order. */
  synchronized List<Access> accesses() {
    return List.copyOf(accesses);
  }
}
