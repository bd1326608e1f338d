package org.wardian.machine.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.wardian.machine.state.StateHeader.Section;

/**
 * A file that a machine is being saved to. It has another name until {@link #complete}, and is gone
 * if that is not reached; a file that was there before stays until then. Only its owner may read
 * it, for it holds the guest's memory.
 */
public final class StateFile implements StateTarget, AutoCloseable {
  private static final FileAttribute<?>[] OWNERS_ALONE =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
          }
          : new FileAttribute<?>[0];

  /** Room for the record of the disks, which is known last, when nothing may fail any more. */
  private static final int ROOM_FOR_DISKS =
      (int) StateHeader.FIRST_MEMORY - StateHeader.FIRST_RECORD;

  private final Path path;
  private final Path temporary;
  private final FileChannel channel;
  private StateHeader header;
  private boolean completed;

  private StateFile(Path path, Path temporary, FileChannel channel) {
    this.path = path;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Begins a file.
   *
   * @param path the name that it will have
   * @throws IOException where none can be made there
   */
  public static StateFile create(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    if (Files.isDirectory(absolute)) {
      throw new IOException("it is a directory; give a file's name");
    }
    Path temporary =
        absolute.resolveSibling(
            ".%s.%x.saving".formatted(absolute.getFileName(), System.nanoTime()));
    FileChannel channel =
        FileChannel.open(
            temporary,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            OWNERS_ALONE);
    StateFile file = new StateFile(absolute, temporary, channel);
    try {
      file.write(0, ByteBuffer.allocate((int) StateHeader.FIRST_MEMORY));
      return file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public boolean sparse() {
    return true;
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    long at = offset;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  @Override
  public void written(StateHeader all) throws IOException {
    // The time that takes is the guest's, which stands still; afterwards little can fail.
    channel.force(false);
    header = all;
  }

  /** Whether a whole state is in it. */
  public boolean isWritten() {
    return header != null;
  }

  /** Bytes of it that are no holes, as far as the host tells; its length else. */
  public long size() {
    return header == null ? 0 : header.size();
  }

  /**
   * Gives the file its name.
   *
   * @param disks marks of all disks, which nobody writes any more
   */
  public void complete(List<DiskMark> disks) throws IOException {
    byte[] marks = DiskMark.save(disks);
    if (marks.length > ROOM_FOR_DISKS) {
      throw new IOException(disks.size() + " disk images are more than a saved machine can have");
    }
    write(StateHeader.FIRST_RECORD, ByteBuffer.wrap(marks));
    channel.force(false);
    write(0, header.with(Section.of(StateHeader.FIRST_RECORD, marks)).toBytes());
    channel.force(false);
    channel.close();
    Files.move(
        temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    completed = true;
  }

  /** Ends it; what was not completed is gone. */
  @Override
  public void close() {
    try {
      channel.close();
      if (!completed) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
