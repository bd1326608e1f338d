package org.wardian.virtio;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The driver's side of a packed queue (virtio 1.2 §2.8). */
final class PackedDriverQueue extends DriverQueue {
  private static final int AVAILABLE = 1 << 7;
  private static final int USED = 1 << 15;

  private final Deque<Integer> ids = new ArrayDeque<>();
  private final int[] slots;
  private final boolean eventIndex;
  private int free;
  private int next;
  private boolean wrap = true;
  private int usedAt;
  private boolean usedWrap = true;

  /** The slot of the first chain not yet published, and its flags; -1 where there is none. */
  private int firstSlot = -1;

  private int firstFlags;
  private int addedSlots;
  private int notifiedSlots;

  PackedDriverQueue(TestDriver driver, int index, int size) {
    super(driver, index, size);
    this.slots = new int[size];
    this.free = size;
    this.eventIndex = driver.has(Features.EVENT_INDEX);
    descriptorArea = driver.allocate(16 * size);
    driverArea = driver.allocate(4);
    deviceArea = driver.allocate(4);
    driver.write(descriptorArea, new byte[16 * size]);
    driver.write(driverArea, new byte[4]);
    driver.write(deviceArea, new byte[4]);
    for (int i = 0; i < size; i++) {
      ids.add(i);
    }
  }

  /** Writes a descriptor as it is, sound or not. */
  void descriptor(int slot, long address, int length, int id, int flags) {
    long at = descriptorArea + 16L * slot;
    put64(at, address);
    put32(at + 8, length);
    put16(at + 12, id);
    put16(at + 14, flags);
  }

  @Override
  int add(List<Buffer> chain, boolean indirect) {
    int needed = indirect ? 1 : chain.size();
    if (free < needed || ids.isEmpty()) {
      return -1;
    }
    int id = ids.remove();
    slots[id] = needed;
    free -= needed;
    for (int i = 0; i < needed; i++) {
      Buffer b = chain.get(i);
      int flags =
          (wrap ? AVAILABLE : USED)
              | (indirect ? INDIRECT : (b.writes() ? WRITE : 0) | (i < needed - 1 ? NEXT : 0));
      long address = indirect ? table(chain, false) : b.address();
      int length = indirect ? 16 * chain.size() : b.length();
      boolean first = firstSlot < 0;
      if (first) {
        firstSlot = next;
        firstFlags = flags;
      }
      // The first descriptor is shown last.
      int shown = first ? get16(descriptorArea + 16L * next + 14) : flags;
      descriptor(next, address, length, id, shown);
      if (++next == size) {
        next = 0;
        wrap = !wrap;
      }
    }
    addedSlots += needed;
    return id;
  }

  @Override
  void publish() {
    if (firstSlot >= 0) {
      put16(descriptorArea + 16L * firstSlot + 14, firstFlags);
      firstSlot = -1;
    }
  }

  @Override
  boolean notifyWanted() {
    int added = addedSlots - notifiedSlots;
    notifiedSlots = addedSlots;
    int flags = get16(deviceArea + 2) & 3;
    if (flags < 2) {
      return flags == 0;
    }
    int event = get16(deviceArea);
    int at = event & 0x7fff;
    if ((event & 0x8000) != 0 != wrap) {
      at -= size;
    }
    return passed(at, next, next - added);
  }

  @Override
  Used poll() {
    long at = descriptorArea + 16L * usedAt;
    int flags = get16(at + 14);
    if ((flags & USED) != 0 != usedWrap || (flags & AVAILABLE) != 0 != usedWrap) {
      return null;
    }
    Used found = new Used(get16(at + 12), get32(at + 8));
    int count = slots[found.id()];
    slots[found.id()] = 0;
    free += count;
    ids.add(found.id());
    usedAt += count;
    if (usedAt >= size) {
      usedAt -= size;
      usedWrap = !usedWrap;
    }
    return found;
  }

  @Override
  void enableInterrupts() {
    if (eventIndex) {
      put16(driverArea, usedAt | (usedWrap ? 0x8000 : 0));
      put16(driverArea + 2, 2);
    } else {
      put16(driverArea + 2, 0);
    }
  }

  @Override
  void disableInterrupts() {
    put16(driverArea + 2, 1);
  }
}
