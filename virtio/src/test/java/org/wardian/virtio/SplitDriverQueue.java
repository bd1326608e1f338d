package org.wardian.virtio;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The driver's side of a split queue (virtio 1.2 §2.7). */
final class SplitDriverQueue extends DriverQueue {
  private final Deque<Integer> free = new ArrayDeque<>();
  private final int[][] chains;
  private final boolean eventIndex;
  private int available;
  private int published;
  private int notified;
  private int used;

  SplitDriverQueue(TestDriver driver, int index, int size) {
    super(driver, index, size);
    this.chains = new int[size][];
    this.eventIndex = driver.has(Features.EVENT_INDEX);
    descriptorArea = driver.allocate(16 * size);
    driverArea = driver.allocate(6 + 2 * size);
    deviceArea = driver.allocate(6 + 8 * size);
    clear(descriptorArea, 16 * size);
    clear(driverArea, 6 + 2 * size);
    clear(deviceArea, 6 + 8 * size);
    for (int i = 0; i < size; i++) {
      free.add(i);
    }
  }

  private void clear(long address, int length) {
    driver.write(address, new byte[length]);
  }

  /** Writes a descriptor as it is, sound or not. */
  void descriptor(int number, long address, int length, int flags, int next) {
    long at = descriptorArea + 16L * number;
    put64(at, address);
    put32(at + 8, length);
    put16(at + 12, flags);
    put16(at + 14, next);
  }

  /** Makes a head available as it is, sound or not. */
  void offer(int head) {
    put16(driverArea + 4 + 2L * (available % size), head);
    available = available + 1 & 0xffff;
  }

  void availableIndex(int value) {
    put16(driverArea + 2, value);
  }

  @Override
  int add(List<Buffer> chain, boolean indirect) {
    int needed = indirect ? 1 : chain.size();
    if (free.size() < needed) {
      return -1;
    }
    int[] taken = new int[needed];
    for (int i = 0; i < needed; i++) {
      taken[i] = free.remove();
    }
    if (indirect) {
      descriptor(taken[0], table(chain, true), 16 * chain.size(), INDIRECT, 0);
    } else {
      for (int i = 0; i < needed; i++) {
        Buffer b = chain.get(i);
        boolean last = i == needed - 1;
        int flags = (b.writes() ? WRITE : 0) | (last ? 0 : NEXT);
        descriptor(taken[i], b.address(), b.length(), flags, last ? 0 : taken[i + 1]);
      }
    }
    chains[taken[0]] = taken;
    offer(taken[0]);
    return taken[0];
  }

  @Override
  void publish() {
    availableIndex(available);
    published = available;
  }

  @Override
  boolean notifyWanted() {
    int before = notified;
    notified = published;
    return eventIndex
        ? passed(get16(deviceArea + 4 + 8L * size), published, before)
        : (get16(deviceArea) & 1) == 0;
  }

  @Override
  Used poll() {
    if (get16(deviceArea + 2) == used) {
      return null;
    }
    long at = deviceArea + 4 + 8L * (used % size);
    used = used + 1 & 0xffff;
    Used found = new Used(get32(at), get32(at + 4));
    for (int descriptor : chains[found.id()]) {
      free.add(descriptor);
    }
    chains[found.id()] = null;
    return found;
  }

  @Override
  void enableInterrupts() {
    if (eventIndex) {
      put16(driverArea + 4 + 2L * size, used);
    } else {
      put16(driverArea, 0);
    }
  }

  @Override
  void disableInterrupts() {
    if (eventIndex) {
      // Far behind: the device may still be about to tell of the entry that was just taken.
      put16(driverArea + 4 + 2L * size, used - 0x8000);
    } else {
      put16(driverArea, 1);
    }
  }
}
