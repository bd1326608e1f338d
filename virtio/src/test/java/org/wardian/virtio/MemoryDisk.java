package org.wardian.virtio;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/** A disk in memory, with threads of its own. */
final class MemoryDisk implements BlockDevice {
  final byte[] content;
  final List<BlockRequest.Kind> done = new ArrayList<>();
  private final boolean readOnly;
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final Deque<BlockRequest> waiting = new ArrayDeque<>();
  private Runnable listener = () -> {};
  private long length;
  private int active;
  private boolean paused;

  /** Reads of so many bytes are carried out by who asks. */
  volatile int longestNow;

  /** What requests end with that would be done; {@link BlockRequest.Result#OK} does them. */
  volatile BlockRequest.Result ending = BlockRequest.Result.OK;

  MemoryDisk(int length, boolean readOnly) {
    this.content = new byte[length];
    this.length = length;
    this.readOnly = readOnly;
  }

  void grow(long bytes) {
    length = bytes;
    listener.run();
  }

  @Override
  public long length() {
    return length;
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
    synchronized (this) {
      if (paused) {
        waiting.add(request);
        return;
      }
      active++;
    }
    threads.execute(() -> run(request));
  }

  @Override
  public boolean tryNow(BlockRequest request) {
    if (request.kind() != BlockRequest.Kind.READ || request.length() > longestNow) {
      return false;
    }
    synchronized (this) {
      if (paused) {
        return false;
      }
      active++;
    }
    run(request);
    return true;
  }

  private void run(BlockRequest request) {
    request.completed(perform(request));
    synchronized (this) {
      active--;
      notifyAll();
    }
  }

  private BlockRequest.Result perform(BlockRequest request) {
    long offset = request.offset();
    if (offset < 0
        || offset % 512 != 0
        || request.length() % 512 != 0
        || offset > length - request.length()) {
      return BlockRequest.Result.OUT_OF_RANGE;
    }
    if (readOnly && request.kind() != BlockRequest.Kind.READ) {
      return BlockRequest.Result.READ_ONLY;
    }
    if (ending != BlockRequest.Result.OK) {
      return ending;
    }
    synchronized (content) {
      done.add(request.kind());
      int at = (int) offset;
      switch (request.kind()) {
        case READ -> {
          for (ByteBuffer buffer : request.buffers()) {
            int count = buffer.remaining();
            buffer.duplicate().put(content, at, count);
            at += count;
          }
        }
        case WRITE -> {
          for (ByteBuffer buffer : request.buffers()) {
            int count = buffer.remaining();
            buffer.duplicate().get(content, at, count);
            at += count;
          }
        }
        case WRITE_ZEROES, DISCARD ->
            java.util.Arrays.fill(content, at, at + (int) request.length(), (byte) 0);
        case FLUSH -> {
          // All of it is as stable as it gets.
        }
      }
    }
    return BlockRequest.Result.OK;
  }

  List<BlockRequest.Kind> done() {
    synchronized (content) {
      return List.copyOf(done);
    }
  }

  @Override
  public void onChange(Runnable told) {
    listener = told;
  }

  @Override
  public synchronized void pause() {
    paused = true;
    while (active > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Override
  public void resume() {
    List<BlockRequest> again;
    synchronized (this) {
      paused = false;
      again = List.copyOf(waiting);
      waiting.clear();
    }
    again.forEach(this::submit);
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
