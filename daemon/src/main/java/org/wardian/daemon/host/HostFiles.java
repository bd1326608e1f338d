package org.wardian.daemon.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The files below {@code /proc} and {@code /sys} in which the kernel tells of the host. */
record HostFiles(Path proc, Path sys) {
  /** Those of this host. */
  static HostFiles ofThisHost() {
    return new HostFiles(Path.of("/proc"), Path.of("/sys"));
  }

  /** The text of a file without white space around it; empty where it cannot be read. */
  static Optional<String> text(Path file) {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The number in a file; empty where there is none. */
  static OptionalLong number(Path file) {
    Optional<String> text = text(file);
    try {
      return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text.get()));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Lines {@code Name: value kB}, with what is before the name cut off. */
  static Map<String, Long> sizes(Path file) {
    Map<String, Long> sizes = new HashMap<>();
    for (String line : text(file).orElse("").split("\n")) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        String[] name = line.substring(0, colon).split(" ");
        String[] value = line.substring(colon + 1).strip().split(" ");
        try {
          sizes.put(name[name.length - 1], Long.parseLong(value[0]));
        } catch (NumberFormatException e) {
          // A line of another kind.
        }
      }
    }
    return sizes;
  }

  /** The numbers of a list such as {@code 0-3,8}. */
  static List<Integer> list(String text) {
    List<Integer> numbers = new ArrayList<>();
    for (String part : text.strip().split(",")) {
      String[] ends = part.split("-");
      try {
        int first = Integer.parseInt(ends[0].strip());
        int last = ends.length > 1 ? Integer.parseInt(ends[1].strip()) : first;
        for (int n = first; n <= last; n++) {
          numbers.add(n);
        }
      } catch (NumberFormatException e) {
        // Nothing, or what we do not know.
      }
    }
    return numbers;
  }

  /** The folder of a node of memory. */
  Path node(int number) {
    return sys.resolve("devices/system/node/node" + number);
  }

  /** The numbers of the nodes of memory; node 0 where the kernel tells of none. */
  List<Integer> nodes() {
    List<Integer> nodes =
        text(sys.resolve("devices/system/node/online")).map(HostFiles::list).orElse(List.of());
    return nodes.isEmpty() ? List.of(0) : nodes;
  }
}
