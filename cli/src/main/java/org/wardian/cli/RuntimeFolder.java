package org.wardian.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where running machines of one user meet: sockets, for the time of a session. */
final class RuntimeFolder {
  private RuntimeFolder() {}

  /**
   * The folder {@code wardian/NAME} of the user's runtime folder, made if need be, for its owner
   * alone.
   *
   * @throws IOException where it cannot be made
   */
  static Path of(String name) throws IOException {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    Path base =
        runtime != null && !runtime.isEmpty()
            ? Path.of(runtime, "wardian")
            : Path.of(
                System.getProperty("java.io.tmpdir"), "wardian-" + System.getProperty("user.name"));
    Path folder = base.resolve(name);
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.getOwner(base).equals(Files.getOwner(Path.of(System.getProperty("user.home"))))) {
      throw new IOException(base + " belongs to somebody else; set XDG_RUNTIME_DIR");
    }
    return folder;
  }
}
