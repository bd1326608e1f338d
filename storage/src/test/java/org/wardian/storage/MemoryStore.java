package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A file in memory that remembers each change and flush in order, and can give what a host would
 * have after it failed at any of them.
 */
public final class MemoryStore implements FileStore {
  /** A change of the file; a flush has no bytes and offset -1, a new size offset -2. */
  private record Event(long offset, byte[] bytes, long size) {}

  private static final int SECTOR = 512;

  /** Room of the host. */
  private static final int MOST = 64 << 20;

  private final byte[] start;
  private final List<Event> events = new ArrayList<>();
  private final boolean recording;
  private byte[] data;
  private int size;

  /** A file of the given content. */
  public MemoryStore(byte[] content, boolean recording) {
    start = content.clone();
    data = content.clone();
    size = content.length;
    this.recording = recording;
  }

  /** How many changes and flushes there were. */
  public synchronized int events() {
    return events.size();
  }

  /** What the file holds. */
  public synchronized byte[] content() {
    return Arrays.copyOf(data, size);
  }

  /** What is there when the program is killed after {@code count} events. */
  public synchronized byte[] killedAfter(int count) {
    MemoryStore replay = new MemoryStore(start, false);
    for (int i = 0; i < count; i++) {
      replay.apply(events.get(i));
    }
    return replay.content();
  }

  /**
   * What is there when the host loses power after {@code count} events: all before the last flush,
   * and of what came later each sector or not.
   */
  public synchronized byte[] lostPowerAfter(int count, Random random) {
    MemoryStore replay = new MemoryStore(start, false);
    int flushed = count;
    while (flushed > 0 && events.get(flushed - 1).offset != -1) {
      flushed--;
    }
    for (int i = 0; i < flushed; i++) {
      replay.apply(events.get(i));
    }
    for (int i = flushed; i < count; i++) {
      replay.applySome(events.get(i), random);
    }
    return replay.content();
  }

  private void apply(Event event) {
    if (event.offset >= 0) {
      put(event.offset, event.bytes, 0, event.bytes.length);
    } else if (event.offset == -2) {
      resizeTo((int) event.size);
    }
  }

  private void applySome(Event event, Random random) {
    if (event.offset < 0) {
      if (random.nextBoolean()) {
        apply(event);
      }
      return;
    }
    int at = 0;
    while (at < event.bytes.length) {
      int step = (int) Math.min(event.bytes.length - at, SECTOR - (event.offset + at) % SECTOR);
      if (random.nextBoolean()) {
        put(event.offset + at, event.bytes, at, step);
      }
      at += step;
    }
  }

  private void put(long offset, byte[] bytes, int from, int length) {
    if (offset < 0 || offset > MOST - length) {
      throw new IllegalStateException("a write of " + length + " bytes at " + offset);
    }
    int end = (int) offset + length;
    if (end > data.length) {
      data = Arrays.copyOf(data, Math.max(end, data.length * 2));
    }
    System.arraycopy(bytes, from, data, (int) offset, length);
    size = Math.max(size, end);
  }

  private void resizeTo(int to) {
    if (to < size) {
      Arrays.fill(data, to, size, (byte) 0);
    } else if (to > data.length) {
      data = Arrays.copyOf(data, to);
    }
    size = to;
  }

  private void remember(Event event) {
    if (recording) {
      events.add(event);
    }
    apply(event);
  }

  @Override
  public Path path() {
    return Path.of("memory.img");
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public synchronized long size() {
    return size;
  }

  @Override
  public synchronized int read(long offset, ByteBuffer to) {
    if (offset < 0 || offset >= size) {
      return 0;
    }
    int bytes = (int) Math.min(to.remaining(), size - offset);
    to.put(data, (int) offset, bytes);
    return bytes;
  }

  @Override
  public void read(long offset, Scatter to, long bytes) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) bytes);
    readPadded(offset, all);
    to.put(all.flip());
  }

  @Override
  public synchronized void write(long offset, ByteBuffer from) throws IOException {
    if (offset < 0 || offset > MOST - from.remaining()) {
      throw new NoSpaceException(path() + " would grow to " + offset);
    }
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    remember(new Event(offset, bytes, 0));
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) bytes);
    from.get(all);
    write(offset, all.flip());
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    write(offset, ByteBuffer.allocate((int) length));
  }

  @Override
  public synchronized boolean punch(long offset, long length) {
    int bytes = (int) Math.max(0, Math.min(length, size - offset));
    remember(new Event(offset, new byte[bytes], 0));
    return true;
  }

  @Override
  public synchronized void allocate(long offset, long length) {
    resize(Math.max(size, offset + length));
  }

  @Override
  public synchronized void resize(long to) {
    remember(new Event(-2, new byte[0], to));
  }

  @Override
  public synchronized void flush() {
    if (recording) {
      events.add(new Event(-1, new byte[0], 0));
    }
  }

  @Override
  public long nextData(long offset) {
    return offset;
  }

  @Override
  public synchronized long nextHole(long offset) {
    return Math.max(offset, size);
  }

  @Override
  public void close() {
    // Nothing to give back.
  }
}
