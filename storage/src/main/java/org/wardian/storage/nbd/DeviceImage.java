package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockImage;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.Extent;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.ReadOnlyImageException;

/** A machine's disk as an image: requests go the machine's way, with its limits and its pauses. */
final class DeviceImage implements BlockImage {
  private final BlockDevice device;

  DeviceImage(BlockDevice device) {
    this.device = device;
  }

  /** A request that somebody waits for. */
  private static final class Awaited extends BlockRequest {
    private final CompletableFuture<Result> ended = new CompletableFuture<>();

    Awaited(Kind kind, long offset, long length, List<ByteBuffer> buffers, boolean mayUnmap) {
      super(kind, offset, length, buffers, mayUnmap);
    }

    @Override
    public void completed(Result result) {
      ended.complete(result);
    }
  }

  private void carryOut(Awaited request) throws IOException {
    device.submit(request);
    BlockRequest.Result result = request.ended.join();
    switch (result) {
      case OK -> {}
      case NO_SPACE -> throw new NoSpaceException(device + " has no room left");
      case READ_ONLY -> throw new ReadOnlyImageException(device + " is read-only");
      case OUT_OF_RANGE ->
          throw new IndexOutOfBoundsException(
              request.length() + " bytes at offset " + request.offset() + " of " + device);
      case UNSUPPORTED -> {
        if (request.kind() != Kind.DISCARD) {
          throw new IOException(device + " does not " + request.kind());
        }
      }
      case IO_ERROR -> throw new IOException(device + " failed to " + request.kind());
    }
  }

  @Override
  public long length() {
    return device.length();
  }

  @Override
  public boolean writable() {
    return !device.readOnly();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    carryOut(new Awaited(Kind.READ, offset, to.remaining(), List.of(to), false));
    to.position(to.limit());
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    carryOut(new Awaited(Kind.WRITE, offset, from.remaining(), List.of(from), false));
    from.position(from.limit());
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    carryOut(new Awaited(Kind.WRITE_ZEROES, offset, length, List.of(), mayUnmap));
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    carryOut(new Awaited(Kind.DISCARD, offset, length, List.of(), true));
  }

  @Override
  public void flush() throws IOException {
    carryOut(new Awaited(Kind.FLUSH, 0, 0, List.of(), false));
  }

  @Override
  public Extent extent(long offset, long length) {
    return new Extent(offset, length, Extent.Kind.DATA, 0, -1);
  }

  @Override
  public void close() {
    // The machine's.
  }

  @Override
  public String toString() {
    return device.toString();
  }
}
