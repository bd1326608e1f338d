package org.wardian.libvirt.rpc;

/** What comes by a stream. */
public sealed interface StreamItem {
  /** Bytes, at least one. */
  record Data(byte[] bytes) implements StreamItem {
    @Override
    public int cost() {
      return bytes.length;
    }
  }

  /** Zeros that were not sent, {@code length} of them. */
  record Hole(long length) implements StreamItem {}

  /** The peer has sent all that it wanted to. */
  record End() implements StreamItem {}

  /** What keeping it in memory costs, in bytes. */
  default int cost() {
    return 0;
  }
}
