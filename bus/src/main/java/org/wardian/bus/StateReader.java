package org.wardian.bus;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Reads what {@link StateWriter} wrote. Saved state is hostile: whatever the bytes are, a method
 * returns a value or throws {@link StateException}.
 */
public final class StateReader {
  private final Deque<Frame> open = new ArrayDeque<>();
  private final ByteBuffer in;

  private record Frame(String name, int outerLimit) {}

  /** Reads from an array, which is not copied. */
  public StateReader(byte[] state) {
    this.in = ByteBuffer.wrap(state);
  }

  /**
   * Enters the next record.
   *
   * @param newest the newest version that the caller understands
   * @return the record's version, 1 to {@code newest}
   * @throws StateException if the next field is not a record of that name and a known version
   */
  public int begin(String name, int newest) {
    expect(StateWriter.RECORD);
    String found = text();
    if (!found.equals(name)) {
      throw fail("record '" + found + "' where '" + name + "' was expected");
    }
    int version = need(4).getInt();
    int length = need(4).getInt();
    if (version < 1 || version > newest) {
      throw fail("record '" + name + "' has unknown version " + version);
    }
    if (length < 0 || length > in.remaining()) {
      throw fail("record '" + name + "' is truncated");
    }
    open.push(new Frame(name, in.limit()));
    in.limit(in.position() + length);
    return version;
  }

  /**
   * Leaves the record entered last.
   *
   * @throws StateException if fields of it are left
   */
  public void end() {
    if (in.hasRemaining()) {
      throw fail(in.remaining() + " bytes too many");
    }
    in.limit(open.pop().outerLimit());
  }

  /** Whether another field or record follows in the current record. */
  public boolean hasNext() {
    return in.hasRemaining();
  }

  /**
   * Checks that everything was read.
   *
   * @throws StateException if bytes are left after the last record
   */
  public void finish() {
    if (!open.isEmpty() || in.hasRemaining()) {
      throw fail(in.remaining() + " bytes too many");
    }
  }

  /** Reads a boolean field. */
  public boolean readBoolean() {
    expect(StateWriter.BOOLEAN);
    int value = need(1).get();
    if (value != 0 && value != 1) {
      throw fail("a boolean of value " + value);
    }
    return value == 1;
  }

  /** Reads an 8-bit field, 0 to 255. */
  public int readByte() {
    expect(StateWriter.BYTE);
    return need(1).get() & 0xff;
  }

  /** Reads a 32-bit field. */
  public int readInt() {
    expect(StateWriter.INT);
    return need(4).getInt();
  }

  /**
   * Reads a 32-bit field that has to lie in a range.
   *
   * @throws StateException if it does not
   */
  public int readInt(int least, int greatest) {
    int value = readInt();
    if (value < least || value > greatest) {
      throw fail(value + " is not within " + least + " to " + greatest);
    }
    return value;
  }

  /** Reads a 64-bit field. */
  public long readLong() {
    expect(StateWriter.LONG);
    return need(8).getLong();
  }

  /** Reads a byte array of any length. */
  public byte[] readBytes() {
    expect(StateWriter.BYTES);
    int length = need(4).getInt();
    if (length < 0 || length > in.remaining()) {
      throw fail("bytes are truncated");
    }
    byte[] value = new byte[length];
    in.get(value);
    return value;
  }

  /**
   * Reads a byte array into one of the same length.
   *
   * @throws StateException if the lengths differ
   */
  public void readBytes(byte[] into) {
    byte[] value = readBytes();
    if (value.length != into.length) {
      throw fail(value.length + " bytes where " + into.length + " were expected");
    }
    System.arraycopy(value, 0, into, 0, into.length);
  }

  /**
   * Reads an array of 32-bit numbers into one of the same length.
   *
   * @throws StateException if the lengths differ
   */
  public void readInts(int[] into) {
    expect(StateWriter.INTS);
    int length = need(4).getInt();
    if (length != into.length) {
      throw fail(length + " numbers where " + into.length + " were expected");
    }
    need(4 * length);
    for (int i = 0; i < length; i++) {
      into[i] = in.getInt();
    }
  }

  /** Reads a text. */
  public String readString() {
    expect(StateWriter.STRING);
    return text();
  }

  private String text() {
    int length = need(2).getShort() & 0xffff;
    byte[] bytes = new byte[length];
    need(length).get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void expect(byte type) {
    byte found = need(1).get();
    if (found != type) {
      throw fail("field of type 0x%02x where '%c' was expected".formatted(found, type));
    }
  }

  private ByteBuffer need(int bytes) {
    if (bytes > in.remaining()) {
      throw fail("state is truncated");
    }
    return in;
  }

  private StateException fail(String what) {
    String where = open.isEmpty() ? "" : " in record '" + open.peek().name() + "'";
    return new StateException(what + where + " at byte " + in.position());
  }
}
