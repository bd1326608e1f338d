package org.wardian.storage.imports;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;

/**
 * A member that is compressed as a whole, unpacked into a file without a name: gzip has no way to
 * begin in the middle.
 */
final class UnpackedFile implements ByteSource {
  private static final int CHUNK = 256 << 10;

  private final String name;
  private final FileChannel channel;
  private final long size;

  private UnpackedFile(String name, FileChannel channel, long size) {
    this.name = name;
    this.channel = channel;
    this.size = size;
  }

  /**
   * Unpacks.
   *
   * @param most bytes that it may become: a small file can unpack to any size
   */
  static UnpackedFile gunzip(ByteSource packed, long most) throws IOException {
    Path file = Files.createTempFile("ward-import-", ".vmdk");
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    try (InputStream in = new GZIPInputStream(new SourceStream(packed), CHUNK)) {
      byte[] chunk = new byte[CHUNK];
      long size = 0;
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        if (size + count > most) {
          throw new ImportException(
              packed.name(), "unpacks to more than its disk's " + most + " bytes: it is damaged");
        }
        for (ByteBuffer rest = ByteBuffer.wrap(chunk, 0, count); rest.hasRemaining(); ) {
          size += channel.write(rest, size);
        }
      }
      return new UnpackedFile(packed.name(), channel, size);
    } catch (ImportException e) {
      channel.close();
      throw e;
    } catch (IOException e) {
      channel.close();
      throw new ImportException(packed.name(), "cannot be unpacked: " + e.getMessage());
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer to) throws IOException {
    requireInside(position, to.remaining());
    long at = position;
    while (to.hasRemaining()) {
      int count = channel.read(to, at);
      if (count < 0) {
        throw cutOff(at, to.remaining());
      }
      at += count;
    }
  }

  @Override
  public long hostOffset(long position, long length) {
    return -1;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** A source from its begin to its end. */
  private static final class SourceStream extends InputStream {
    private final ByteSource source;
    private long at;

    SourceStream(ByteSource source) {
      this.source = source;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      int count = (int) Math.min(length, source.size() - at);
      if (count <= 0) {
        return length == 0 ? 0 : -1;
      }
      source.read(at, ByteBuffer.wrap(to, offset, count));
      at += count;
      return count;
    }
  }
}
