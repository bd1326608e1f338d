package org.wardian.libvirt.rpc;

/** What a message is: its place is its number in the header ({@code virNetMessageType}). */
public enum MessageType {
  /** A client asks. */
  CALL,
  /** A daemon answers. */
  REPLY,
  /** A daemon tells; both, for keepalive. */
  EVENT,
  /** Bytes of a stream, its end, or its failure. */
  STREAM,
  /** A call with descriptors. */
  CALL_WITH_FDS,
  /** A reply with descriptors. */
  REPLY_WITH_FDS,
  /** Zeros of a stream that are not sent. */
  STREAM_HOLE;

  private static final MessageType[] VALUES = values();

  /** The type of a number; null where there is none. */
  public static MessageType of(int number) {
    return number < 0 || number >= VALUES.length ? null : VALUES[number];
  }

  /** Whether a count of descriptors precedes the payload. */
  public boolean hasDescriptors() {
    return this == CALL_WITH_FDS || this == REPLY_WITH_FDS;
  }
}
