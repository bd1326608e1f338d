package org.wardian.virtio.transport;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.queue.QueueLayout;

/** What a driver has said of one queue. Guarded by the monitor of its {@link Negotiation}. */
final class QueueRegisters {
  /** No interrupt (VIRTIO_MSI_NO_VECTOR). */
  static final int NO_VECTOR = 0xffff;

  /** Where legacy drivers expect the used ring: at the next page. */
  private static final int LEGACY_ALIGNMENT = 4096;

  private final int largest;
  int size;
  boolean enabled;

  /** The device ends its work on the queue, which the driver has reset. */
  boolean resetting;

  long descriptorArea;
  long driverArea;
  long deviceArea;

  QueueRegisters(int largest) {
    this.largest = largest;
    reset();
  }

  int largest() {
    return largest;
  }

  void reset() {
    size = largest;
    enabled = false;
    resetting = false;
    descriptorArea = 0;
    driverArea = 0;
    deviceArea = 0;
  }

  /** Places the queue as legacy drivers do, by the number of its first page (§2.7.2). */
  void legacyPage(int page) {
    size = largest;
    enabled = page != 0;
    descriptorArea = Integer.toUnsignedLong(page) * LEGACY_ALIGNMENT;
    driverArea = descriptorArea + 16L * size;
    long end = driverArea + 6 + 2L * size;
    deviceArea = end + LEGACY_ALIGNMENT - 1 & -LEGACY_ALIGNMENT;
  }

  int legacyPage() {
    return enabled ? (int) (descriptorArea / LEGACY_ALIGNMENT) : 0;
  }

  QueueLayout layout(boolean packed, boolean indirect, boolean eventIndex) {
    return new QueueLayout(
        size, descriptorArea, driverArea, deviceArea, packed, indirect, eventIndex);
  }

  void save(StateWriter out) {
    out.writeInt(size);
    out.writeBoolean(enabled);
    out.writeLong(descriptorArea);
    out.writeLong(driverArea);
    out.writeLong(deviceArea);
  }

  void load(StateReader in) {
    size = in.readInt(0, largest);
    enabled = in.readBoolean();
    descriptorArea = in.readLong();
    driverArea = in.readLong();
    deviceArea = in.readLong();
  }
}
