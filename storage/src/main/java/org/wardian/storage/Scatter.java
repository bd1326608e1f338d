package org.wardian.storage;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Bytes that lie in several buffers, taken in turn: the pages of a guest's request. The position
 * moves over the list as bytes are taken; the buffers' own positions move with it.
 */
public final class Scatter {
  private static final byte[] ZEROES = new byte[4096];

  private final ByteBuffer[] buffers;
  private final boolean direct;
  private int index;

  private Scatter(ByteBuffer... buffers) {
    this.buffers = buffers;
    boolean all = true;
    for (ByteBuffer buffer : buffers) {
      all &= buffer.isDirect();
    }
    direct = all;
  }

  /** One buffer, from its position to its limit. */
  public static Scatter of(ByteBuffer buffer) {
    return new Scatter(buffer);
  }

  /** Views of the buffers, each from its position to its limit; the buffers themselves stay. */
  public static Scatter viewOf(List<ByteBuffer> buffers) {
    ByteBuffer[] views = new ByteBuffer[buffers.size()];
    for (int i = 0; i < views.length; i++) {
      views[i] = buffers.get(i).duplicate();
    }
    return new Scatter(views);
  }

  /** Bytes that are left. */
  public long remaining() {
    long left = 0;
    for (int i = index; i < buffers.length; i++) {
      left += buffers[i].remaining();
    }
    return left;
  }

  /** Whether all buffers are direct. */
  boolean direct() {
    return direct;
  }

  /** The buffers; those before {@link #index} are done. */
  ByteBuffer[] buffers() {
    return buffers;
  }

  /** Index of the first buffer that has bytes left, or the number of buffers. */
  int index() {
    while (index < buffers.length && !buffers[index].hasRemaining()) {
      index++;
    }
    return index;
  }

  /** The next {@code bytes} as a list of their own; this one moves over them. */
  public Scatter take(long bytes) {
    int first = index();
    long left = bytes;
    int last = first;
    while (left > 0) {
      if (last == buffers.length) {
        throw new IndexOutOfBoundsException("more bytes are asked for than the buffers have");
      }
      left -= buffers[last++].remaining();
    }
    ByteBuffer[] views = new ByteBuffer[last - first];
    for (int i = 0; i < views.length; i++) {
      views[i] = buffers[first + i].duplicate();
    }
    if (left < 0) {
      ByteBuffer end = views[views.length - 1];
      end.limit(end.limit() + (int) left);
    }
    skip(bytes);
    return new Scatter(views);
  }

  /** Moves over {@code bytes}. */
  public void skip(long bytes) {
    long left = bytes;
    while (left > 0) {
      ByteBuffer buffer = current();
      int step = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + step);
      left -= step;
    }
  }

  /** Puts {@code bytes} zeroes. */
  public void putZeroes(long bytes) {
    long left = bytes;
    while (left > 0) {
      ByteBuffer buffer = current();
      int step = (int) Math.min(Math.min(left, buffer.remaining()), ZEROES.length);
      buffer.put(ZEROES, 0, step);
      left -= step;
    }
  }

  /** Puts all of {@code from}, from its position to its limit. */
  public void put(ByteBuffer from) {
    while (from.hasRemaining()) {
      ByteBuffer buffer = current();
      int step = Math.min(buffer.remaining(), from.remaining());
      buffer.put(buffer.position(), from, from.position(), step);
      buffer.position(buffer.position() + step);
      from.position(from.position() + step);
    }
  }

  /** Takes bytes until {@code to} is full. */
  public void get(ByteBuffer to) {
    while (to.hasRemaining()) {
      ByteBuffer buffer = current();
      int step = Math.min(buffer.remaining(), to.remaining());
      to.put(to.position(), buffer, buffer.position(), step);
      buffer.position(buffer.position() + step);
      to.position(to.position() + step);
    }
  }

  /** The buffer that has the next byte. */
  ByteBuffer current() {
    if (index() == buffers.length) {
      throw new IndexOutOfBoundsException("more bytes are asked for than the buffers have");
    }
    return buffers[index];
  }
}
