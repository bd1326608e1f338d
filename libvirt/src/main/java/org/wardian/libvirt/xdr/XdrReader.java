package org.wardian.libvirt.xdr;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/**
 * Reads values from bytes that a stranger sent. Every length is checked against the protocol's
 * limit and against the bytes that are there before anything of that length is allocated, so a
 * message never costs more than a small multiple of its own size.
 *
 * <p>Each method takes the name of the field, for the text of an error. Source: RFC 4506.
 */
public final class XdrReader {
  /** Longest string, in bytes ({@code VIR_NET_MESSAGE_STRING_MAX}). */
  public static final int STRING_MAX = 4_194_304;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final byte[] bytes;
  private final int start;
  private final int end;
  private int position;

  /** Reads an element of a list. */
  @FunctionalInterface
  public interface Element<T> {
    /** Reads one. */
    T read(XdrReader in) throws XdrException;
  }

  /** Reads {@code length} bytes from {@code offset} on. */
  public XdrReader(byte[] bytes, int offset, int length) {
    java.util.Objects.checkFromIndexSize(offset, length, bytes.length);
    this.bytes = bytes;
    start = offset;
    position = offset;
    end = offset + length;
  }

  /** Reads all of {@code bytes}. */
  public XdrReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  /** Bytes that were not read yet. */
  public int remaining() {
    return end - position;
  }

  private XdrException failure(String field, String what) {
    return new XdrException(field + " at byte " + (position - start) + ": " + what);
  }

  private int take(String field, int size) throws XdrException {
    if (size > end - position) {
      throw failure(
          field, "needs " + size + " bytes, the message has " + (end - position) + " more");
    }
    int at = position;
    position += size;
    return at;
  }

  /** Length of {@code size} bytes with their padding, checked against what is there. */
  private int takePadded(String field, int size) throws XdrException {
    int padding = -size & 3;
    if (size > end - position - padding) {
      throw failure(
          field,
          "needs "
              + size
              + " bytes and "
              + padding
              + " of padding, the message has "
              + (end - position)
              + " more");
    }
    int at = position;
    position += size + padding;
    return at;
  }

  /** A word: {@code int}, {@code uint}, an enumeration. */
  public int int32(String field) throws XdrException {
    return (int) INT.get(bytes, take(field, 4));
  }

  /** A word of which C keeps a signed byte. */
  public int int8(String field) throws XdrException {
    return (byte) int32(field);
  }

  /** A word of which C keeps an unsigned byte. */
  public int uint8(String field) throws XdrException {
    return int32(field) & 0xff;
  }

  /** A word of which C keeps an unsigned short. */
  public int uint16(String field) throws XdrException {
    return int32(field) & 0xffff;
  }

  /** Two words: {@code hyper}, {@code uhyper}. */
  public long int64(String field) throws XdrException {
    return (long) LONG.get(bytes, take(field, 8));
  }

  /** A double of IEEE 754, all of its bits kept. */
  public double float64(String field) throws XdrException {
    return Double.longBitsToDouble(int64(field));
  }

  /** Whether an optional value follows. */
  public boolean present(String field) throws XdrException {
    int word = int32(field);
    if ((word & ~1) != 0) {
      position -= 4;
      throw failure(field, "presence is " + Integer.toUnsignedString(word) + ", not 0 or 1");
    }
    return word == 1;
  }

  /**
   * A number of elements.
   *
   * @param maximum the protocol's limit
   * @param smallest bytes that an element takes at least; more elements than fit are refused
   */
  public int count(String field, int maximum, int smallest) throws XdrException {
    int count = int32(field);
    if (count < 0 || count > maximum) {
      position -= 4;
      throw failure(field, Integer.toUnsignedString(count) + " elements, at most " + maximum);
    }
    if ((long) count * smallest > end - position) {
      position -= 4;
      throw failure(
          field,
          count + " elements cannot be in the " + (end - position - 4) + " bytes that follow");
    }
    return count;
  }

  private int length(String field, int maximum) throws XdrException {
    int length = int32(field);
    if (length < 0 || length > maximum) {
      position -= 4;
      throw failure(field, Integer.toUnsignedString(length) + " bytes, at most " + maximum);
    }
    return length;
  }

  /**
   * A string. Bytes that are no UTF-8 become replacement characters; a NUL is refused, since C
   * would see another text than Java.
   */
  public String string(String field) throws XdrException {
    int length = length(field, STRING_MAX);
    int at = takePadded(field, length);
    for (int i = at; i < at + length; i++) {
      if (bytes[i] == 0) {
        throw new XdrException(field + " at byte " + (i - start) + ": a NUL within a string");
      }
    }
    return new String(bytes, at, length, StandardCharsets.UTF_8);
  }

  /** A string, or null where it is absent. */
  public String optionalString(String field) throws XdrException {
    return present(field) ? string(field) : null;
  }

  /** 16 bytes. */
  public UUID uuid(String field) throws XdrException {
    int at = take(field, 16);
    return new UUID((long) LONG.get(bytes, at), (long) LONG.get(bytes, at + 8));
  }

  /** Up to {@code maximum} bytes. */
  public byte[] opaque(String field, int maximum) throws XdrException {
    int length = length(field, maximum);
    int at = takePadded(field, length);
    return java.util.Arrays.copyOfRange(bytes, at, at + length);
  }

  /** Bytes of which each came as a word. */
  public byte[] chars(String field, int maximum) throws XdrException {
    return words(field, count(field, maximum, 4));
  }

  private byte[] words(String field, int count) throws XdrException {
    int at = take(field, count * 4);
    byte[] values = new byte[count];
    for (int i = 0; i < count; i++) {
      values[i] = bytes[at + i * 4 + 3];
    }
    return values;
  }

  /** A text of which each byte came as a word, which is a character; a NUL ends it. */
  public String text(String field, int maximum) throws XdrException {
    return untilNul(chars(field, maximum));
  }

  /** A text in an array of {@code size} words, each a character; a NUL or the array ends it. */
  public String fixedText(String field, int size) throws XdrException {
    return untilNul(words(field, size));
  }

  private static String untilNul(byte[] text) {
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, StandardCharsets.ISO_8859_1);
  }

  /** Words. */
  public int[] ints(String field, int maximum) throws XdrException {
    int[] values = new int[count(field, maximum, 4)];
    for (int i = 0; i < values.length; i++) {
      values[i] = int32(field);
    }
    return values;
  }

  /** Double words. */
  public long[] longs(String field, int maximum) throws XdrException {
    long[] values = new long[count(field, maximum, 8)];
    for (int i = 0; i < values.length; i++) {
      values[i] = int64(field);
    }
    return values;
  }

  /**
   * Elements.
   *
   * @param smallest bytes that an element takes at least
   */
  public <T> List<T> list(String field, int maximum, int smallest, Element<T> element)
      throws XdrException {
    int count = count(field, maximum, smallest);
    List<T> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(element.read(this));
    }
    return Collections.unmodifiableList(values);
  }
}
