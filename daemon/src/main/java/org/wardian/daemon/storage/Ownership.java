package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.wardian.definition.storage.Permissions;

/** Gives files the owner and mode that are asked for. */
final class Ownership {
  private Ownership() {}

  /**
   * Sets what is said.
   *
   * @throws IOException where the host does not permit it
   */
  static void set(Path path, Permissions wanted) throws IOException {
    Map<String, Object> now = Files.readAttributes(path, "unix:uid,gid");
    if (wanted.owner() >= 0 && (int) wanted.owner() != (Integer) now.get("uid")) {
      Files.setAttribute(path, "unix:uid", (int) wanted.owner());
    }
    if (wanted.group() >= 0 && (int) wanted.group() != (Integer) now.get("gid")) {
      Files.setAttribute(path, "unix:gid", (int) wanted.group());
    }
    if (wanted.mode() >= 0) {
      Files.setAttribute(path, "unix:mode", wanted.mode());
    }
  }
}
