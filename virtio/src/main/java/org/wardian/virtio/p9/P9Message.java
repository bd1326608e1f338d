package org.wardian.virtio.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;

/** The fields of a request, read in turn; one that is not there is an error for the guest. */
final class P9Message {
  private final ByteBuffer bytes;

  /**
   * A request.
   *
   * @param bytes of which it is the first {@code length}; a copy that the guest cannot change
   */
  P9Message(byte[] bytes, int length) {
    this.bytes = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    this.bytes.position(P9Protocol.HEADER);
  }

  private void need(int count) throws EntryException {
    if (bytes.remaining() < count) {
      throw EntryException.of(Errno.EINVAL);
    }
  }

  int byteField() throws EntryException {
    need(1);
    return bytes.get() & 0xff;
  }

  int shortField() throws EntryException {
    need(2);
    return bytes.getShort() & 0xffff;
  }

  int intField() throws EntryException {
    need(4);
    return bytes.getInt();
  }

  long unsignedField() throws EntryException {
    return Integer.toUnsignedLong(intField());
  }

  long longField() throws EntryException {
    need(8);
    return bytes.getLong();
  }

  /** A text: two bytes of length, then its bytes. */
  byte[] textField() throws EntryException {
    int length = shortField();
    need(length);
    byte[] text = new byte[length];
    bytes.get(text);
    return text;
  }
}
