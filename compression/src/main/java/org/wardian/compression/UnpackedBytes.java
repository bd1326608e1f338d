package org.wardian.compression;

import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/**
 * Decoder output: grows as data really arrives, so that a false size costs nothing, and never
 * beyond its limit. The output so far serves as the decoder's history.
 */
public final class UnpackedBytes {

  private final int limit;
  private byte[] data;
  private int size;

  /**
   * Room for bytes.
   *
   * @param expected first guess at the size, bytes
   * @param limit most bytes that will be taken
   */
  public UnpackedBytes(int expected, int limit) {
    this.limit = limit;
    this.data = new byte[Math.min(Math.max(expected, 1024), Math.max(limit, 0))];
  }

  /** Bytes so far. */
  public int size() {
    return size;
  }

  /** The byte at {@code index}. */
  public byte at(int index) {
    return data[Objects.checkIndex(index, size)];
  }

  /** Appends bytes. */
  public void put(byte[] source, int offset, int length) throws CorruptPayloadException {
    reserve(length);
    System.arraycopy(source, offset, data, size, length);
    size += length;
  }

  /** Appends one byte {@code length} times. */
  public void fill(byte value, int length) throws CorruptPayloadException {
    reserve(length);
    Arrays.fill(data, size, size + length, value);
    size += length;
  }

  /**
   * Repeats what was put {@code distance} bytes ago, which may overlap what is being written.
   *
   * @param floor index of the oldest byte that may be repeated
   */
  public void copy(int distance, int length, int floor) throws CorruptPayloadException {
    if (distance <= 0 || distance > size - floor) {
      throw new CorruptPayloadException("match before the start of the data");
    }
    reserve(length);
    int from = size - distance;
    if (distance >= length) {
      System.arraycopy(data, from, data, size, length);
    } else {
      for (int i = 0; i < length; i++) {
        data[size + i] = data[from + i];
      }
    }
    size += length;
  }

  private void reserve(int length) throws CorruptPayloadException {
    if (length < 0 || length > limit - size) {
      throw new CorruptPayloadException("unpacks to more than " + limit + " bytes");
    }
    if (length > data.length - size) {
      long grown = Math.max(size + (long) length, data.length * 2L);
      data = Arrays.copyOf(data, (int) Math.min(grown, limit));
    }
  }

  /** A stream that puts bytes here. */
  public OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) throws CorruptPayloadException {
        fill((byte) b, 1);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws CorruptPayloadException {
        put(source, offset, length);
      }
    };
  }

  /** The array that holds the bytes so far; longer than they are, and replaced as they grow. */
  public byte[] backing() {
    return data;
  }

  /** All bytes; not to be changed. */
  public byte[] toByteArray() {
    return size == data.length ? data : Arrays.copyOf(data, size);
  }
}
