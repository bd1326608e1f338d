package org.wardian.virtio;

/** Feature bits that do not depend on the kind of device (virtio 1.2 §6). */
public final class Features {
  /** VIRTIO_F_NOTIFY_ON_EMPTY, of legacy drivers. */
  public static final long NOTIFY_ON_EMPTY = 1L << 24;

  /** VIRTIO_F_ANY_LAYOUT, of legacy drivers. */
  public static final long ANY_LAYOUT = 1L << 27;

  /** VIRTIO_F_INDIRECT_DESC. */
  public static final long INDIRECT = 1L << 28;

  /** VIRTIO_F_EVENT_IDX. */
  public static final long EVENT_INDEX = 1L << 29;

  /** VIRTIO_F_VERSION_1. */
  public static final long VERSION_1 = 1L << 32;

  /** VIRTIO_F_RING_PACKED. */
  public static final long PACKED = 1L << 34;

  /** VIRTIO_F_RING_RESET. */
  public static final long QUEUE_RESET = 1L << 40;

  private Features() {}
}
