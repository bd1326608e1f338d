package org.wardian.virtio.queue;

import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;
import org.wardian.memory.RawMemory;

/**
 * A packed virtqueue (virtio 1.2 §2.8): one ring, in which the device overwrites descriptors that
 * it has used.
 */
final class PackedQueue extends Virtqueue {
  private static final int LENGTH = 8;
  private static final int ID = 12;
  private static final int FLAGS = 14;

  private static final int AVAILABLE = 1 << 7;
  private static final int USED = 1 << 15;

  private static final int EVENT_AREA = 4;
  private static final int EVENT_DESCRIPTOR = 0;
  private static final int EVENT_FLAGS = 2;
  private static final int ENABLE = 0;
  private static final int DISABLE = 1;
  private static final int AT_DESCRIPTOR = 2;
  private static final int WRAP = 1 << 15;

  private final int size;
  private MemoryLoan ring;
  private MemoryLoan driverEvent;
  private MemoryLoan deviceEvent;

  private int nextAvailable;
  private boolean availableWrap = true;
  private int used;
  private boolean usedWrap = true;

  /** Slots of chains that the device has: the driver must not reuse them yet. */
  private int slotsTaken;

  /** Flags of the first element put and not yet published. */
  private int firstFlags;

  private int signalled;
  private boolean signalledValid;
  private boolean notifications = true;

  PackedQueue(GuestMemory memory, QueueLayout layout, Runnable interrupt) {
    super(memory, layout, interrupt);
    this.size = layout.size();
  }

  @Override
  void lendAreas() {
    ring = lend(layout.descriptorArea(), ChainBuilder.DESCRIPTOR * size, true);
    driverEvent = lend(layout.driverArea(), EVENT_AREA, false);
    deviceEvent = lend(layout.deviceArea(), EVENT_AREA, true);
  }

  @Override
  boolean available() {
    return available(ring.getShortVolatile(nextAvailable * ChainBuilder.DESCRIPTOR + FLAGS));
  }

  private boolean available(int flags) {
    return (flags & AVAILABLE) != 0 == availableWrap && (flags & USED) != 0 != availableWrap;
  }

  @Override
  DescriptorChain next() {
    int flags = ring.getShortVolatile(nextAvailable * ChainBuilder.DESCRIPTOR + FLAGS);
    if (!available(flags)) {
      return null;
    }
    // The last descriptor has the buffer ID, and its place in the ring is known only then.
    int count = 1;
    int at = nextAvailable * ChainBuilder.DESCRIPTOR;
    long[] addresses = new long[4];
    long[] words = new long[4];
    while (true) {
      if (count > addresses.length) {
        addresses = java.util.Arrays.copyOf(addresses, 2 * addresses.length);
        words = java.util.Arrays.copyOf(words, 2 * words.length);
      }
      addresses[count - 1] = ring.getLong(at);
      // The flags that decided are the flags that count.
      words[count - 1] = ring.getLong(at + LENGTH) & 0xffff_ffff_ffffL | (long) flags << 48;
      if ((flags & ChainBuilder.NEXT) == 0) {
        break;
      }
      if (++count > size - slotsTaken) {
        throw new QueueViolation("a chain longer than the room left in a ring of " + size);
      }
      at =
          at + ChainBuilder.DESCRIPTOR == size * ChainBuilder.DESCRIPTOR
              ? 0
              : at + ChainBuilder.DESCRIPTOR;
      flags = ring.getShort(at + FLAGS);
    }
    if (count > size - slotsTaken) {
      throw new QueueViolation("a descriptor that is the device's already");
    }
    int id = (int) (words[count - 1] >>> 32) & 0xffff;
    if (id >= size) {
      throw new QueueViolation("buffer ID " + id + " in a ring of " + size);
    }
    DescriptorChain chain = build(id, count, addresses, words);
    slotsTaken += count;
    nextAvailable += count;
    if (nextAvailable >= size) {
      nextAvailable -= size;
      availableWrap = !availableWrap;
    }
    if (layout.eventIndex() && notifications) {
      writeEvent();
    }
    return chain;
  }

  private DescriptorChain build(int id, int count, long[] addresses, long[] words) {
    DescriptorChain chain = new DescriptorChain(memory, id, count);
    try {
      for (int i = 0; i < count; i++) {
        int flags = (int) (words[i] >>> 48);
        if ((flags & ChainBuilder.INDIRECT) != 0 && count > 1) {
          throw new QueueViolation("a table within a chain of descriptors");
        }
        chains.packed(chain, addresses[i], words[i] & 0xffff_ffffL, flags);
      }
      return chain;
    } catch (QueueViolation e) {
      chain.close();
      throw e;
    }
  }

  @Override
  void put(int id, int slots, int written, int slotsBefore) {
    int slot = used + slotsBefore;
    boolean wrap = usedWrap;
    if (slot >= size) {
      slot -= size;
      wrap = !wrap;
    }
    int at = slot * ChainBuilder.DESCRIPTOR;
    int flags = (wrap ? AVAILABLE | USED : 0) | (written > 0 ? ChainBuilder.WRITE : 0);
    ring.putInt(at + LENGTH, written);
    ring.putShort(at + ID, id);
    if (slotsBefore == 0) {
      firstFlags = flags;
    } else {
      ring.putShort(at + FLAGS, flags);
      ring.written(at + LENGTH, 8);
    }
    slotsTaken -= slots;
  }

  /** The first element's flags show all that follow. */
  @Override
  void publish(int chains, int slots) {
    int at = used * ChainBuilder.DESCRIPTOR;
    ring.putShortVolatile(at + FLAGS, firstFlags);
    ring.written(at + LENGTH, 8);
    used += slots;
    if (used >= size) {
      used -= size;
      usedWrap = !usedWrap;
      signalledValid = false;
    }
  }

  @Override
  boolean interruptWanted() {
    RawMemory.fullFence();
    int flags = driverEvent.getShortVolatile(EVENT_FLAGS) & 3;
    int before = signalled;
    boolean valid = signalledValid;
    signalled = used;
    signalledValid = true;
    if (flags == DISABLE) {
      return false;
    }
    if (flags != AT_DESCRIPTOR || !layout.eventIndex() || !valid) {
      return true;
    }
    int descriptor = driverEvent.getShort(EVENT_DESCRIPTOR);
    int event = descriptor & ~WRAP;
    if ((descriptor & WRAP) != 0 != usedWrap) {
      event -= size;
    }
    return (used - event - 1 & 0xffff) < (used - before & 0xffff);
  }

  @Override
  void wantNotifications(boolean wanted) {
    notifications = wanted;
    if (wanted && layout.eventIndex()) {
      writeEvent();
    } else {
      deviceEvent.putShortVolatile(EVENT_FLAGS, wanted ? ENABLE : DISABLE);
      deviceEvent.written(EVENT_FLAGS, 2);
    }
  }

  private void writeEvent() {
    deviceEvent.putShortVolatile(EVENT_DESCRIPTOR, nextAvailable | (availableWrap ? WRAP : 0));
    deviceEvent.putShortVolatile(EVENT_FLAGS, AT_DESCRIPTOR);
    deviceEvent.written(0, EVENT_AREA);
  }

  @Override
  void saveIndices(StateWriter out) {
    out.writeInt(nextAvailable);
    out.writeBoolean(availableWrap);
    out.writeInt(used);
    out.writeBoolean(usedWrap);
    out.writeInt(signalled);
    out.writeBoolean(signalledValid);
    out.writeBoolean(notifications);
  }

  @Override
  void loadIndices(StateReader in) {
    nextAvailable = in.readInt(0, size - 1);
    availableWrap = in.readBoolean();
    used = in.readInt(0, size - 1);
    usedWrap = in.readBoolean();
    signalled = in.readInt(0, size - 1);
    signalledValid = in.readBoolean();
    notifications = in.readBoolean();
  }

  @Override
  void loaded(int slots) {
    if (slots > size - slotsTaken) {
      throw new StateException("saved chains take more than a ring of " + size);
    }
    slotsTaken += slots;
  }
}
