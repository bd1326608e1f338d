package org.wardian.virtio.queue;

/**
 * Where a queue lies in guest memory, and in which form (virtio 1.2 §2.7, §2.8).
 *
 * @param size descriptors: 1 to 32768; a power of two for a split queue
 * @param descriptorArea guest-physical address of the descriptor table or the packed ring
 * @param driverArea address of the available ring or of the driver's event suppression
 * @param deviceArea address of the used ring or of the device's event suppression
 * @param packed whether the ring is packed
 * @param indirect whether a descriptor may stand for a table of others (VIRTIO_F_INDIRECT_DESC)
 * @param eventIndex whether notifications are suppressed by index (VIRTIO_F_EVENT_IDX)
 */
public record QueueLayout(
    int size,
    long descriptorArea,
    long driverArea,
    long deviceArea,
    boolean packed,
    boolean indirect,
    boolean eventIndex) {
  /** The largest queue. */
  public static final int LARGEST = 32768;

  /**
   * Checks what a guest has chosen.
   *
   * @throws QueueViolation for a size or an alignment that cannot be
   */
  public QueueLayout {
    if (size < 1 || size > LARGEST || !packed && Integer.bitCount(size) != 1) {
      throw new QueueViolation("a queue of " + size + " descriptors");
    }
    int driverAlignment = packed ? 4 : 2;
    if ((descriptorArea & 15) != 0
        || (driverArea & driverAlignment - 1) != 0
        || (deviceArea & 3) != 0) {
      throw new QueueViolation(
          "a queue at 0x%x, 0x%x and 0x%x is not aligned"
              .formatted(descriptorArea, driverArea, deviceArea));
    }
  }
}
