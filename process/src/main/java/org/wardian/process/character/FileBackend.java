package org.wardian.process.character;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes the guest's output to a file, or to a device of the host. */
public final class FileBackend extends CharacterBackend {
  private final OutputStream file;

  /**
   * Opens the file.
   *
   * @param appending whether what is in it stays
   * @throws IOException where it cannot be written
   */
  public FileBackend(String id, Path path, boolean appending) throws IOException {
    super(id);
    file = open(path, appending);
  }

  /** Opens a file for output. */
  public static OutputStream open(Path path, boolean appending) throws IOException {
    return Files.newOutputStream(
        path,
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        appending ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING);
  }

  @Override
  public String filename() {
    return "file";
  }

  @Override
  void deliver(byte[] bytes, int length) throws IOException {
    file.write(bytes, 0, length);
  }

  @Override
  public void close() {
    super.close();
    try {
      file.close();
    } catch (IOException e) {
      // What could be written has been.
    }
  }
}
