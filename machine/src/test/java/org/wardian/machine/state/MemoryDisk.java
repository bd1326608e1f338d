package org.wardian.machine.state;

import java.nio.ByteBuffer;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/** A disk in an array. */
final class MemoryDisk implements BlockDevice {
  private final byte[] content;

  MemoryDisk(int bytes) {
    content = new byte[bytes];
  }

  @Override
  public long length() {
    return content.length;
  }

  @Override
  public int blockSize() {
    return 512;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public boolean discards() {
    return false;
  }

  @Override
  public void submit(BlockRequest request) {
    request.completed(carryOut(request));
  }

  private BlockRequest.Result carryOut(BlockRequest request) {
    long offset = request.offset();
    if (offset < 0 || request.length() < 0 || offset > content.length - request.length()) {
      return BlockRequest.Result.OUT_OF_RANGE;
    }
    int at = (int) offset;
    for (ByteBuffer buffer : request.buffers()) {
      ByteBuffer view = buffer.duplicate();
      int bytes = view.remaining();
      switch (request.kind()) {
        case READ -> view.put(content, at, bytes);
        case WRITE -> view.get(content, at, bytes);
        case FLUSH, WRITE_ZEROES, DISCARD -> {
          // No content to move.
        }
      }
      at += bytes;
    }
    return BlockRequest.Result.OK;
  }

  @Override
  public void onChange(Runnable listener) {}

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
