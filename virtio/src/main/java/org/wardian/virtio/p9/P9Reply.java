package org.wardian.virtio.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.wardian.host.EntryStatus;

/** An answer, as it is being written. */
final class P9Reply {
  /** The most bytes of an answer, but for a read's data, which go straight to the guest. */
  static final int CAPACITY = 64 << 10;

  private final ByteBuffer bytes = ByteBuffer.allocate(CAPACITY).order(ByteOrder.LITTLE_ENDIAN);

  /** Begins anew, behind the place of the header. */
  P9Reply clear() {
    bytes.clear().position(P9Protocol.HEADER);
    return this;
  }

  P9Reply putByte(int value) {
    bytes.put((byte) value);
    return this;
  }

  P9Reply putShort(int value) {
    bytes.putShort((short) value);
    return this;
  }

  P9Reply putInt(int value) {
    bytes.putInt(value);
    return this;
  }

  P9Reply putLong(long value) {
    bytes.putLong(value);
    return this;
  }

  P9Reply putText(byte[] text) {
    bytes.putShort((short) text.length).put(text);
    return this;
  }

  P9Reply putTime(EntryStatus.Time time) {
    return putLong(time == null ? 0 : time.seconds())
        .putLong(time == null ? 0 : time.nanoseconds());
  }

  /** Bytes so far, the header's among them. */
  int length() {
    return bytes.position();
  }

  /** Writes a number over what stands somewhere before. */
  void putInt(int at, int value) {
    bytes.putInt(at, value);
  }

  void putShort(int at, int value) {
    bytes.putShort(at, (short) value);
  }

  /** Fills the header in. */
  byte[] end(int length, int type, int tag) {
    bytes.putInt(0, length).put(4, (byte) type).putShort(5, (short) tag);
    return bytes.array();
  }
}
