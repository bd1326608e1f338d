package org.wardian.machine.state;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/** A saved state in a file of its own. */
final class FileSource implements StateSource {
  private final Path path;
  private final FileChannel channel;

  FileSource(Path path) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(path);
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    long at = offset;
    while (to.hasRemaining()) {
      int got = channel.read(to, at);
      if (got <= 0) {
        throw new EOFException(path + " is truncated");
      }
      at += got;
    }
  }

  @Override
  public Optional<Path> file() {
    return Optional.of(path);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
