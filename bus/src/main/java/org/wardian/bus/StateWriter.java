package org.wardian.bus;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes saved state: a sequence of records, each a name, a version, a length and typed fields.
 *
 * <p>Layout, big-endian: name (2-byte length, UTF-8), version (4 bytes), payload length (4 bytes),
 * payload. A field is a type byte and its value; a record may hold records.
 */
public final class StateWriter {
  static final byte BOOLEAN = 'Z';
  static final byte BYTE = 'B';
  static final byte INT = 'I';
  static final byte LONG = 'J';
  static final byte BYTES = '[';
  static final byte INTS = 'i';
  static final byte STRING = 'S';
  static final byte RECORD = 'R';

  private final Deque<Frame> open = new ArrayDeque<>();
  private ByteArrayOutputStream out = new ByteArrayOutputStream();

  private record Frame(String name, int version, ByteArrayOutputStream outer) {}

  /** Makes an empty writer. */
  public StateWriter() {}

  /**
   * Opens a record.
   *
   * @param version 1 or higher; raised whenever the fields change
   */
  public void begin(String name, int version) {
    if (version < 1) {
      throw new IllegalArgumentException("version " + version + " of record " + name);
    }
    open.push(new Frame(name, version, out));
    out = new ByteArrayOutputStream();
  }

  /** Closes the record opened last. */
  public void end() {
    Frame frame = open.pop();
    byte[] payload = out.toByteArray();
    out = frame.outer();
    out.write(RECORD);
    text(frame.name());
    raw(ByteBuffer.allocate(8).putInt(frame.version()).putInt(payload.length));
    out.writeBytes(payload);
  }

  /** Writes a boolean field. */
  public void writeBoolean(boolean value) {
    out.write(BOOLEAN);
    out.write(value ? 1 : 0);
  }

  /** Writes the low 8 bits as a field. */
  public void writeByte(int value) {
    out.write(BYTE);
    out.write(value);
  }

  /** Writes a 32-bit field. */
  public void writeInt(int value) {
    raw(ByteBuffer.allocate(5).put(INT).putInt(value));
  }

  /** Writes a 64-bit field. */
  public void writeLong(long value) {
    raw(ByteBuffer.allocate(9).put(LONG).putLong(value));
  }

  /** Writes a byte array as a field. */
  public void writeBytes(byte[] value) {
    raw(ByteBuffer.allocate(5).put(BYTES).putInt(value.length));
    out.writeBytes(value);
  }

  /** Writes an array of 32-bit numbers as a field. */
  public void writeInts(int[] value) {
    ByteBuffer buffer = ByteBuffer.allocate(5 + 4 * value.length).put(INTS).putInt(value.length);
    for (int element : value) {
      buffer.putInt(element);
    }
    raw(buffer);
  }

  /** Writes a text of at most 65,535 bytes of UTF-8 as a field. */
  public void writeString(String value) {
    out.write(STRING);
    text(value);
  }

  /**
   * Everything written so far.
   *
   * @throws IllegalStateException if a record is still open
   */
  public byte[] toByteArray() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("record " + open.peek().name() + " is open");
    }
    return out.toByteArray();
  }

  private void text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > 0xffff) {
      throw new IllegalArgumentException("text of " + bytes.length + " bytes");
    }
    raw(ByteBuffer.allocate(2).putShort((short) bytes.length));
    out.writeBytes(bytes);
  }

  private void raw(ByteBuffer buffer) {
    out.write(buffer.array(), 0, buffer.position());
  }
}
