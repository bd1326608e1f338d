package org.wardian.daemon.group;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;

/**
 * A group of processes or threads: a folder of the kernel's, whose files are limits and figures.
 *
 * @param folder below {@link #ROOT}
 */
record ControlGroup(Path folder) {
  private static final System.Logger LOG = System.getLogger(ControlGroup.class.getName());

  /** Where version 2 is mounted. */
  static final Path ROOT = Path.of("/sys/fs/cgroup");

  /** How often, and how long apart, a group is tried whose last process is about to be gone. */
  private static final int REMOVALS = 20;

  private static final long REMOVAL_MILLISECONDS = 50;

  /** The group of all. */
  static ControlGroup root() {
    return new ControlGroup(ROOT);
  }

  /** Whether this process may make groups: it is root, and version 2 is there. */
  static boolean isAllowed() {
    return Files.exists(ROOT.resolve("cgroup.controllers"))
        && Files.isWritable(ROOT.resolve("cgroup.procs"));
  }

  /** The group of a process; empty where there is no such process, or no version 2. */
  static Optional<ControlGroup> of(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(pid), "cgroup")).stream()
          .filter(line -> line.startsWith("0::/"))
          .map(line -> new ControlGroup(ROOT.resolve(line.substring("0::/".length()))))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** A group within, which may not be there. */
  ControlGroup child(String name) {
    return new ControlGroup(folder.resolve(name));
  }

  /** Its last name. */
  String name() {
    return folder.getFileName().toString();
  }

  /** Whether it is there, and has a file: one of a controller is only where that is switched on. */
  boolean has(String file) {
    return Files.exists(folder.resolve(file));
  }

  /** Makes it. */
  void make() throws IOException {
    Files.createDirectories(folder);
  }

  /** A file's text; empty where there is none. */
  Optional<String> read(String file) {
    try {
      return Optional.of(Files.readString(folder.resolve(file)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Writes a file of it. */
  void put(String file, String value) throws IOException {
    Files.writeString(folder.resolve(file), value, StandardOpenOption.WRITE);
  }

  /**
   * The same for a client.
   *
   * @throws LibvirtException with the kernel's reason
   */
  void write(String file, String value) throws LibvirtException {
    try {
      put(file, value);
    } catch (IOException e) {
      String reason =
          e instanceof FileSystemException named && named.getReason() != null
              ? named.getReason()
              : e.getMessage();
      throw Refusal.system("Unable to write to '" + folder.resolve(file) + "': " + reason, e);
    }
  }

  /** Switches controllers on for the groups within; those that this host has not are left out. */
  void enable(List<String> controllers) {
    for (String one : controllers) {
      try {
        put("cgroup.subtree_control", "+" + one);
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.DEBUG,
            () -> "no controller " + one + " below " + folder + ": " + e.getMessage());
      }
    }
  }

  /** The groups within. */
  List<ControlGroup> children() {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isDirectory).map(ControlGroup::new).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Removes it and those within; a process that ends just now is waited for. */
  void remove() {
    children().forEach(ControlGroup::remove);
    for (int i = 1; ; i++) {
      try {
        Files.deleteIfExists(folder);
        return;
      } catch (IOException e) {
        if (i == REMOVALS) {
          LOG.log(System.Logger.Level.DEBUG, () -> folder + " is not removed: " + e);
          return;
        }
      }
      try {
        Thread.sleep(REMOVAL_MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
