package org.wardian.daemon.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The kernel's tree of devices. What vanishes while it is read, is not there. */
final class SysTree {
  private static final int LARGEST = 4096;

  private final Path root;

  SysTree(Path root) {
    this.root = root;
  }

  /** Names of what is in a folder, in their order; none where there is no such. */
  List<String> list(String folder) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(folder))) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (IOException e) {
      return List.of();
    }
    Collections.sort(names);
    return names;
  }

  /** The folder that a path leads to; null where it leads nowhere. */
  Path real(String path) {
    try {
      return root.resolve(path).toRealPath();
    } catch (IOException e) {
      return null;
    }
  }

  /** The text of a file without space round it; null where it cannot be read, or is empty. */
  static String text(Path folder, String file) {
    byte[] bytes = bytes(folder, file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1).strip();
    return text.isEmpty() ? null : text;
  }

  /** The first bytes of a file; none where it cannot be read. */
  static byte[] bytes(Path folder, String file) {
    try (var in = Files.newInputStream(folder.resolve(file))) {
      return in.readNBytes(LARGEST);
    } catch (IOException e) {
      return new byte[0];
    }
  }

  /** The last name of the path that a link leads to; null where there is none. */
  static String link(Path folder, String name) {
    try {
      return folder.resolve(name).toRealPath().getFileName().toString();
    } catch (IOException e) {
      return null;
    }
  }
}
