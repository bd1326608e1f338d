package org.wardian.storage.imports;

import java.nio.ByteBuffer;
import java.util.UUID;

/** Microsoft's GUID: three little-endian numbers, then eight bytes. */
final class Guid {
  static final UUID NONE = new UUID(0, 0);

  private Guid() {}

  /** The 16 bytes at {@code at} of a little-endian buffer. */
  static UUID read(ByteBuffer from, int at) {
    long high =
        Integer.toUnsignedLong(from.getInt(at)) << 32
            | Short.toUnsignedLong(from.getShort(at + 4)) << 16
            | Short.toUnsignedLong(from.getShort(at + 6));
    return new UUID(high, Long.reverseBytes(from.getLong(at + 8)));
  }

  /** The text {@code {xxxxxxxx-xxxx-...}}, with or without braces; {@link #NONE} if it is none. */
  static UUID parse(String text) {
    String bare = text.strip().replaceAll("[{}]", "");
    try {
      return bare.length() == 36 ? UUID.fromString(bare) : NONE;
    } catch (IllegalArgumentException e) {
      return NONE;
    }
  }
}
