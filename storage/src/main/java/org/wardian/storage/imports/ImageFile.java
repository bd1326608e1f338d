package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.wardian.storage.FileStore;

/** A file of the host, opened for reading only. */
final class ImageFile implements ByteSource {
  private final FileStore file;
  private final long size;

  private ImageFile(FileStore file, long size) {
    this.file = file;
    this.size = size;
  }

  /**
   * Opens a regular file. A FIFO would block and a device be read to no end; neither holds an image
   * of these formats.
   *
   * @param locked whether to be kept out by writers, and keep them out
   */
  static ImageFile open(Path path, boolean locked) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString(), null, "there is no such file");
    }
    if (!Files.isRegularFile(path)) {
      throw new ImportException(path.toString(), "is not a regular file");
    }
    FileStore file = FileStore.open(path, false, locked);
    try {
      return new ImageFile(file, file.size());
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return file.path().toString();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer to) throws IOException {
    int wanted = to.remaining();
    if (position < 0 || position > size - wanted) {
      throw cutOff(position, wanted);
    }
    int count = file.read(position, to);
    if (count < wanted) {
      throw cutOff(position + count, wanted - count); // it became shorter since it was opened
    }
  }

  @Override
  public long hostOffset(long position, long length) {
    return position;
  }

  @Override
  public long run(long position, long length) throws IOException {
    long data = file.nextData(position);
    if (data > position) {
      return -Math.min(length, data - position);
    }
    return Math.min(length, Math.max(1, file.nextHole(position) - position));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
