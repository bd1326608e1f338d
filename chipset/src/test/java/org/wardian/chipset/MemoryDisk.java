package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/** A disk in an array. It answers at once, or, while it is held, when it is let go. */
final class MemoryDisk implements BlockDevice {
  final byte[] content;
  boolean readOnly;
  BlockRequest.Result failure = BlockRequest.Result.OK;
  int flushes;
  private Runnable listener = () -> {};
  private boolean held;
  private boolean out;
  private final Deque<BlockRequest> waiting = new ArrayDeque<>();

  MemoryDisk(int length) {
    content = new byte[length];
  }

  /** A disk whose every sector says which one it is. */
  static MemoryDisk numbered(int length) {
    MemoryDisk disk = new MemoryDisk(length);
    ByteBuffer sectors = ByteBuffer.wrap(disk.content);
    for (int at = 0; at < length; at += 4) {
      sectors.putInt(at, at / 512 << 8 | at / 4 & 0x7f);
    }
    return disk;
  }

  byte[] sector(int number) {
    return Arrays.copyOfRange(content, 512 * number, 512 * number + 512);
  }

  @Override
  public long length() {
    return out ? 0 : content.length;
  }

  @Override
  public int blockSize() {
    return 512;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public boolean discards() {
    return true;
  }

  @Override
  public void submit(BlockRequest request) {
    if (held) {
      waiting.add(request);
    } else {
      request.completed(carryOut(request));
    }
  }

  private BlockRequest.Result carryOut(BlockRequest request) {
    if (failure != BlockRequest.Result.OK) {
      return failure;
    }
    int at = (int) Math.min(request.offset(), content.length);
    if (request.offset() < 0 || request.offset() + request.length() > content.length) {
      return BlockRequest.Result.OUT_OF_RANGE;
    }
    switch (request.kind()) {
      case READ -> {
        for (ByteBuffer buffer : request.buffers()) {
          ByteBuffer to = buffer.duplicate();
          int length = to.remaining();
          to.put(content, at, length);
          at += length;
        }
      }
      case WRITE -> {
        for (ByteBuffer buffer : request.buffers()) {
          ByteBuffer from = buffer.duplicate();
          int length = from.remaining();
          from.get(content, at, length);
          at += length;
        }
      }
      case WRITE_ZEROES -> Arrays.fill(content, at, at + (int) request.length(), (byte) 0);
      case FLUSH -> flushes++;
      case DISCARD -> {}
    }
    return BlockRequest.Result.OK;
  }

  @Override
  public void onChange(Runnable newListener) {
    listener = newListener;
  }

  /** Takes the medium out of its drive. */
  void eject() {
    out = true;
    change();
  }

  /** Puts the medium into its drive, or takes it out. */
  void insert(boolean in) {
    out = !in;
    change();
  }

  /** Forgets what it was asked for while it was held, as where somebody else goes on with it. */
  void forget() {
    waiting.clear();
  }

  void change() {
    listener.run();
  }

  @Override
  public void pause() {
    held = true;
  }

  @Override
  public void resume() {
    held = false;
    while (!waiting.isEmpty()) {
      BlockRequest request = waiting.poll();
      request.completed(carryOut(request));
    }
  }

  @Override
  public void close() {}
}
