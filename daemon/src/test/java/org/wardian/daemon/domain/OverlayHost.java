package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.wardian.daemon.storage.Virsh;

/**
 * A {@link BlockJobHost} for snapshots by overlays: what is written to an image is a pattern at as
 * many MiB as its number, and QEMU's tools say what an image holds.
 */
final class OverlayHost {
  private static final int PATTERNS = 9;

  private final Path folder;
  private final BlockJobHost host;

  OverlayHost(Path folder) throws Exception {
    this.folder = folder;
    host = new BlockJobHost(folder);
  }

  /** Work that may fail in any way. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  /** Talks with the daemon of now. */
  Virsh virsh() {
    return host.virsh();
  }

  Path path(String name) {
    return host.path(name);
  }

  /** Ends the daemon, does something, and starts another one. */
  void restart(Step between) throws Exception {
    host.restart(() -> {
      try {
        between.run();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
  }

  /** What a program prints that succeeds. */
  static String tool(String program, String... arguments) throws Exception {
    List<String> command = Stream.concat(Stream.of(program), Arrays.stream(arguments)).toList();
    Virsh.Result result = Virsh.run(command);
    assertThat(result.status()).as("%s: %s", command, result.text()).isZero();
    return result.text();
  }

  private static String writing(int pattern) {
    return "write -P %1$d %1$dM 128k".formatted(pattern);
  }

  /** Writes a pattern, 1 to 9, into an image that no machine uses. */
  static void write(Path image, int pattern) throws Exception {
    tool("qemu-io", "-c", writing(pattern), image.toString());
  }

  /** An image holds what was written with some patterns, of the others nothing, and is whole. */
  static void requireContent(Path image, int... patterns) throws Exception {
    for (int i = 1; i <= PATTERNS; i++) {
      int at = i;
      boolean there = Arrays.stream(patterns).anyMatch(one -> one == at);
      String read = "read -P %d %dM 128k".formatted(there ? i : 0, i);
      assertThat(tool("qemu-io", "-r", "-U", "-c", read, image.toString()))
          .as(read)
          .doesNotContain("verification failed");
    }
    tool("qemu-img", "check", "-U", image.toString());
  }

  /** The names of an image and of those beneath it, by their headers. */
  static List<String> chain(Path image) throws Exception {
    return tool("qemu-img", "info", "-U", "--backing-chain", image.toString())
        .lines()
        .filter(line -> line.startsWith("image: "))
        .map(line -> line.replaceAll(".*/", ""))
        .toList();
  }

  /** The overlay of a snapshot {@code sNUMBER}. */
  Path overlay(int number) {
    return path("top.s" + number);
  }

  /** Three snapshots, with their pattern written after each; the third is the current one. */
  void take(boolean running) throws Exception {
    if (running) {
      virsh().printed("start d --paused");
    }
    for (int i = 1; i <= 3; i++) {
      virsh().printed("snapshot-create-as d s" + i + " --disk-only");
      if (running) {
        // QEMU keeps tables of the image to itself until it is flushed.
        for (String command : List.of(writing(i), "flush")) {
          virsh()
              .printed(
                  "qemu-monitor-command d --hmp 'qemu-io -d"
                      + " /machine/peripheral/virtio-disk0/virtio-backend \"%s\"'"
                          .formatted(command));
        }
      } else {
        write(overlay(i), i);
      }
    }
  }

  /** Defines a domain {@code e} with an image of its own. */
  void defineOther(Path image) throws Exception {
    Path document = path("e.xml");
    Files.writeString(
        document,
        """
        <domain type='qemu'>
          <name>e</name><memory unit='MiB'>16</memory>
          <os><type arch='x86_64'>hvm</type></os>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/><source file='%s'/>
              <target dev='vda' bus='virtio'/>
            </disk>
          </devices>
        </domain>
        """
            .formatted(image));
    virsh().printed("define " + document);
  }

  /** The names of all snapshots. */
  String tree() throws Exception {
    return virsh().printed("snapshot-list d --name").replaceAll("\\s+", " ");
  }

  /** The path of the disk's image, now and at the next start. */
  List<String> sources() throws Exception {
    return host.sources();
  }

  /** The disk's image, which is the same at the next start. */
  Path written() throws Exception {
    List<String> sources = sources();
    assertThat(sources.getFirst()).isEqualTo(sources.getLast());
    return Path.of(sources.getFirst());
  }

  /** What each image of the domain is, byte for byte. */
  Map<String, String> images() throws Exception {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (name.matches("base|mid|top.*|other.*")) {
          byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
          all.put(name, HexFormat.of().formatHex(digest));
        }
      }
    }
    return all;
  }

  /** Writes an entry of the journal as a daemon leaves it that is killed. */
  void journal(String name, String entry) throws Exception {
    Path entries = Files.createDirectories(unfinished());
    Files.writeString(entries.resolve(name + ".xml"), entry);
  }

  private Path unfinished() {
    return path("lib/qemu/snapshot-unfinished/d");
  }

  void requireNothingUnfinished() {
    assertThat(unfinished()).isEmptyDirectory();
  }

  /** Ends all of it. */
  void end() throws Exception {
    host.end();
  }
}
