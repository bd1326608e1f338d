package org.wardian.libvirt.xdr;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Appends values to an array that grows. What exceeds a limit of the protocol is refused: a peer
 * would drop the message or the connection. Source: RFC 4506.
 */
public final class XdrWriter {
  private static final int FIRST_SIZE = 512;
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final int limit;
  private byte[] bytes = new byte[FIRST_SIZE];
  private int size;

  /** Takes up to {@code limit} bytes. */
  public XdrWriter(int limit) {
    this.limit = limit;
  }

  /** Bytes that were written. */
  public int size() {
    return size;
  }

  /** What was written. */
  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** The array that holds what was written, longer than that; valid until the next write. */
  public byte[] array() {
    return bytes;
  }

  /** Replaces a word that was written. */
  public void patch(int at, int value) {
    Objects.checkFromIndexSize(at, 4, size);
    INT.set(bytes, at, value);
  }

  /** Appends bytes as they are, without a length or padding. */
  public void raw(byte[] from, int offset, int length) throws XdrException {
    int at = reserve(length);
    System.arraycopy(from, offset, bytes, at, length);
  }

  private int reserve(long count) throws XdrException {
    if (count > limit - size) {
      throw new XdrException("a message of more than " + limit + " bytes");
    }
    int at = size;
    int end = at + (int) count;
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.clamp(2L * bytes.length, end, limit));
    }
    size = end;
    return at;
  }

  /** A word. */
  public void int32(int value) throws XdrException {
    int at = reserve(4);
    INT.set(bytes, at, value);
  }

  /** A signed byte as a word. */
  public void int8(int value) throws XdrException {
    int32((byte) value);
  }

  /** An unsigned byte as a word. */
  public void uint8(int value) throws XdrException {
    int32(value & 0xff);
  }

  /** An unsigned short as a word. */
  public void uint16(int value) throws XdrException {
    int32(value & 0xffff);
  }

  /** Two words. */
  public void int64(long value) throws XdrException {
    int at = reserve(8);
    LONG.set(bytes, at, value);
  }

  /** A double, all of its bits kept. */
  public void float64(double value) throws XdrException {
    int64(Double.doubleToRawLongBits(value));
  }

  /** Whether an optional value follows. */
  public boolean present(Object value) throws XdrException {
    int32(value == null ? 0 : 1);
    return value != null;
  }

  private void length(String field, int length, int maximum, String unit) throws XdrException {
    if (length > maximum) {
      throw new XdrException(field + ": " + length + " " + unit + ", at most " + maximum);
    }
    int32(length);
  }

  private void padded(byte[] value) throws XdrException {
    int at = reserve((value.length + 3L) & ~3L);
    System.arraycopy(value, 0, bytes, at, value.length);
    Arrays.fill(bytes, at + value.length, size, (byte) 0);
  }

  /** A string, which is not null and has no NUL. */
  public void string(String field, String value) throws XdrException {
    if (value == null) {
      throw new XdrException(field + ": no value, and it is not optional");
    }
    if (value.indexOf('\0') >= 0) {
      throw new XdrException(field + ": a NUL within a string");
    }
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    length(field, utf8.length, XdrReader.STRING_MAX, "bytes");
    padded(utf8);
  }

  /** A string, or nothing for null. */
  public void optionalString(String field, String value) throws XdrException {
    if (present(value)) {
      string(field, value);
    }
  }

  /** 16 bytes. */
  public void uuid(UUID value) throws XdrException {
    int64(value.getMostSignificantBits());
    int64(value.getLeastSignificantBits());
  }

  /** Up to {@code maximum} bytes. */
  public void opaque(String field, byte[] value, int maximum) throws XdrException {
    length(field, value.length, maximum, "bytes");
    padded(value);
  }

  /** Bytes, each as a word. */
  public void chars(String field, byte[] value, int maximum) throws XdrException {
    length(field, value.length, maximum, "characters");
    words(value, value.length);
  }

  private void words(byte[] value, int count) throws XdrException {
    int at = reserve(count * 4L);
    for (int i = 0; i < count; i++) {
      INT.set(bytes, at + i * 4, i < value.length ? (int) value[i] : 0);
    }
  }

  /**
   * A text, each character as a word, with the NUL that ends it where there is room. Characters
   * above 255 become question marks.
   */
  public void text(String field, String value, int maximum) throws XdrException {
    byte[] latin = value.getBytes(StandardCharsets.ISO_8859_1);
    int count = latin.length == maximum ? maximum : latin.length + 1;
    length(field, count, maximum, "characters");
    words(latin, count);
  }

  /** A text in an array of {@code count} words, the rest of which is NUL. */
  public void fixedText(String field, String value, int count) throws XdrException {
    byte[] latin = value.getBytes(StandardCharsets.ISO_8859_1);
    if (latin.length > count) {
      throw new XdrException(field + ": " + latin.length + " characters, at most " + count);
    }
    words(latin, count);
  }

  /** Words. */
  public void ints(String field, int[] values, int maximum) throws XdrException {
    length(field, values.length, maximum, "elements");
    for (int value : values) {
      int32(value);
    }
  }

  /** Double words. */
  public void longs(String field, long[] values, int maximum) throws XdrException {
    length(field, values.length, maximum, "elements");
    for (long value : values) {
      int64(value);
    }
  }

  /** Strings. */
  public void strings(String field, List<String> values, int maximum) throws XdrException {
    length(field, values.size(), maximum, "elements");
    for (String value : values) {
      string(field, value);
    }
  }

  /** Structures. */
  public void list(String field, List<? extends XdrStruct> values, int maximum)
      throws XdrException {
    length(field, values.size(), maximum, "elements");
    for (XdrStruct value : values) {
      Objects.requireNonNull(value, field).write(this);
    }
  }
}
