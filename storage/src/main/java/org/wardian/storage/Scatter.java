package org.wardian.storage;

import java.nio.ByteBuffer;
import java.util.List;
import org.wardian.host.IoVectors;

/**
 * Bytes that lie in several buffers, taken in turn: the pages of a guest's request. The position
 * moves over the list as bytes are taken; the buffers' own positions move with it.
 *
 * <p>A list of runs of host memory has no buffers until somebody asks for one: a request of a
 * megabyte has hundreds, and a file needs none of them.
 */
public final class Scatter {
  private static final byte[] ZEROES = new byte[4096];

  /** What is left, or null: it is in {@link #buffers}. */
  private IoVectors vectors;

  private ByteBuffer[] buffers;
  private boolean direct;
  private int index;

  private Scatter(ByteBuffer... buffers) {
    become(buffers);
  }

  private Scatter(IoVectors vectors) {
    this.vectors = vectors;
  }

  private void become(ByteBuffer... list) {
    buffers = list;
    boolean all = true;
    for (ByteBuffer buffer : list) {
      all &= buffer.isDirect();
    }
    direct = all;
    vectors = null;
  }

  /** Runs of host memory; they are moved over as bytes are taken. */
  public static Scatter of(IoVectors vectors) {
    return new Scatter(vectors);
  }

  /** The runs of host memory that are left, or null where there are buffers. */
  IoVectors vectors() {
    return vectors;
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
    if (vectors != null) {
      return vectors.remaining();
    }
    long left = 0;
    for (int i = index; i < buffers.length; i++) {
      left += buffers[i].remaining();
    }
    return left;
  }

  /** Whether all buffers are direct; asks for buffers. */
  boolean direct() {
    spread();
    return direct;
  }

  private void spread() {
    if (vectors != null) {
      become(vectors.buffers());
    }
  }

  /** The buffers; those before {@link #index} are done. */
  ByteBuffer[] buffers() {
    spread();
    return buffers;
  }

  /** Index of the first buffer that has bytes left, or the number of buffers. */
  int index() {
    spread();
    while (index < buffers.length && !buffers[index].hasRemaining()) {
      index++;
    }
    return index;
  }

  /** The next {@code bytes} as a list of their own; this one moves over them. */
  public Scatter take(long bytes) {
    if (vectors != null) {
      return new Scatter(vectors.take(bytes));
    }
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
    if (vectors != null) {
      vectors.skip(bytes);
      return;
    }
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
    if (vectors != null) {
      vectors.putZeroes(bytes);
      return;
    }
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
