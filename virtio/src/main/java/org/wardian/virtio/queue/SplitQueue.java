package org.wardian.virtio.queue;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;
import org.wardian.memory.RawMemory;

/** A split virtqueue (virtio 1.2 §2.7). Indices run through 16 bits and wrap. */
final class SplitQueue extends Virtqueue {
  private static final int FLAGS = 0;
  private static final int INDEX = 2;
  private static final int RING = 4;
  private static final int USED_ELEMENT = 8;

  /** VIRTQ_AVAIL_F_NO_INTERRUPT and VIRTQ_USED_F_NO_NOTIFY. */
  private static final int SUPPRESS = 1;

  private final int size;
  private final int mask;
  private MemoryLoan table;
  private MemoryLoan availableRing;
  private MemoryLoan usedRing;

  private int nextAvailable;
  private int usedIndex;
  private int put;

  /** The used index at the last look at whether the driver wants an interrupt. */
  private int signalled;

  private boolean signalledValid;
  private boolean notifications = true;

  SplitQueue(GuestMemory memory, QueueLayout layout, Runnable interrupt) {
    super(memory, layout, interrupt);
    this.size = layout.size();
    this.mask = size - 1;
  }

  @Override
  void lendAreas() {
    int event = layout.eventIndex() ? 2 : 0;
    table = lend(layout.descriptorArea(), ChainBuilder.DESCRIPTOR * size, false);
    availableRing = lend(layout.driverArea(), RING + 2 * size + event, false);
    usedRing = lend(layout.deviceArea(), RING + USED_ELEMENT * size + event, true);
  }

  @Override
  boolean available() {
    return pending() != 0;
  }

  private int pending() {
    int pending = availableRing.getShortVolatile(INDEX) - nextAvailable & 0xffff;
    if (pending > size) {
      throw new QueueViolation(pending + " chains in a queue of " + size);
    }
    return pending;
  }

  @Override
  DescriptorChain next() {
    if (pending() == 0) {
      return null;
    }
    int head = availableRing.getShort(RING + 2 * (nextAvailable & mask));
    nextAvailable = nextAvailable + 1 & 0xffff;
    if (layout.eventIndex() && notifications) {
      writeAvailableEvent();
    }
    return chains.split(table, size, head);
  }

  @Override
  void put(int id, int slots, int written, int slotsBefore) {
    int at = RING + USED_ELEMENT * (usedIndex + put & mask);
    usedRing.putInt(at, id);
    usedRing.putInt(at + 4, written);
    usedRing.written(at, USED_ELEMENT);
  }

  @Override
  void afterPut() {
    put++;
  }

  @Override
  void publish(int chains, int slots) {
    put = 0;
    usedIndex = usedIndex + chains & 0xffff;
    usedRing.putShortVolatile(INDEX, usedIndex);
    usedRing.written(INDEX, 2);
  }

  @Override
  boolean interruptWanted() {
    RawMemory.fullFence();
    if (!layout.eventIndex()) {
      return (availableRing.getShort(FLAGS) & SUPPRESS) == 0;
    }
    int before = signalled;
    boolean valid = signalledValid;
    signalled = usedIndex;
    signalledValid = true;
    int event = availableRing.getShortVolatile(RING + 2 * size);
    return !valid || (usedIndex - event - 1 & 0xffff) < (usedIndex - before & 0xffff);
  }

  @Override
  void wantNotifications(boolean wanted) {
    notifications = wanted;
    if (layout.eventIndex()) {
      // Where they are not wanted the index stays, and the driver passes it once at most.
      if (wanted) {
        writeAvailableEvent();
      }
    } else {
      usedRing.putShortVolatile(FLAGS, wanted ? 0 : SUPPRESS);
      usedRing.written(FLAGS, 2);
    }
  }

  private void writeAvailableEvent() {
    int at = RING + USED_ELEMENT * size;
    usedRing.putShortVolatile(at, nextAvailable);
    usedRing.written(at, 2);
  }

  @Override
  void saveIndices(StateWriter out) {
    out.writeInt(nextAvailable);
    out.writeInt(usedIndex);
    out.writeInt(signalled);
    out.writeBoolean(signalledValid);
    out.writeBoolean(notifications);
  }

  @Override
  void loadIndices(StateReader in) {
    nextAvailable = in.readInt(0, 0xffff);
    usedIndex = in.readInt(0, 0xffff);
    signalled = in.readInt(0, 0xffff);
    signalledValid = in.readBoolean();
    notifications = in.readBoolean();
  }
}
