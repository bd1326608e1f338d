package org.wardian.virtio.queue;

/**
 * The guest has broken the rules of a queue or of a device, in a way that no request's status can
 * tell: the device stops and asks to be reset (virtio 1.2 §2.1.2).
 */
public final class QueueViolation extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says what was wrong. */
  public QueueViolation(String message) {
    // A hostile guest makes many of these, and where they come from is in the message.
    super(message, null, false, false);
  }
}
