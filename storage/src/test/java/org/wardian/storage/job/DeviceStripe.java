package org.wardian.storage.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.wardian.storage.BlockImage;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.BlockRequest.Result;
import org.wardian.storage.Extent;
import org.wardian.storage.Scatter;
import org.wardian.storage.device.ImageDevice;

/** A part of a disk in use, each call of which is a request of the guest. */
final class DeviceStripe implements BlockImage {
  private final ImageDevice device;
  private final long start;
  private final long length;

  DeviceStripe(ImageDevice device, long start, long length) {
    this.device = device;
    this.start = start;
    this.length = length;
  }

  private static final class Request extends BlockRequest {
    private final CompletableFuture<Result> ended = new CompletableFuture<>();

    Request(Kind kind, long offset, long length, List<ByteBuffer> buffers, boolean mayUnmap) {
      super(kind, offset, length, buffers, mayUnmap);
    }

    @Override
    public void completed(Result result) {
      ended.complete(result);
    }
  }

  private void ask(Kind kind, long offset, long bytes, List<ByteBuffer> buffers, boolean unmap)
      throws IOException {
    Request request = new Request(kind, start + offset, bytes, buffers, unmap);
    device.submit(request);
    Result result = request.ended.join();
    if (result != Result.OK) {
      throw new IOException(kind + " at " + offset + ": " + result + ", " + device.lastError());
    }
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    ask(Kind.READ, offset, to.remaining(), List.of(to), false);
    to.position(to.limit());
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    ask(Kind.WRITE, offset, from.remaining(), List.of(from), false);
    from.position(from.limit());
  }

  @Override
  public void read(long offset, Scatter to) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) to.remaining());
    read(offset, all);
    to.put(all.flip());
  }

  @Override
  public void write(long offset, Scatter from) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) from.remaining());
    from.get(all);
    write(offset, all.flip());
  }

  @Override
  public void writeZeroes(long offset, long bytes, boolean mayUnmap) throws IOException {
    ask(Kind.WRITE_ZEROES, offset, bytes, List.of(), mayUnmap);
  }

  @Override
  public void discard(long offset, long bytes) throws IOException {
    ask(Kind.DISCARD, offset, bytes, List.of(), false);
  }

  @Override
  public void flush() throws IOException {
    ask(Kind.FLUSH, 0, 0, List.of(), false);
  }

  @Override
  public Extent extent(long offset, long bytes) throws IOException {
    // What is known of a range may change with its neighbours: the model has only this part's.
    return new Extent(offset, bytes, Extent.Kind.DATA, 0, -1);
  }

  @Override
  public void close() {
    // It is a part of the disk.
  }
}
