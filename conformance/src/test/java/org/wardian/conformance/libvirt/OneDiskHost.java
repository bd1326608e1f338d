package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Our daemon, driven by virsh, and its domain {@code d} of one qcow2 disk: the image {@code disk},
 * whose overlays are beside it.
 */
final class OneDiskHost implements AutoCloseable {
  private final Path folder;
  private WardianDaemon daemon;

  /** Starts the daemon; there is no domain yet. */
  OneDiskHost(Path folder) throws Exception {
    this.folder = folder;
    daemon = WardianDaemon.start(folder.resolve("d"));
  }

  /** What a program printed, both ways, and how it ended. */
  record Result(int status, String text) {}

  private static Process begin(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return process;
  }

  private static Result run(List<String> command) throws IOException, InterruptedException {
    Process process = begin(command);
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text.strip());
  }

  private static String printed(List<String> command) throws Exception {
    Result result = run(command);
    assertThat(result.status()).as("%s: %s", command, result.text()).isZero();
    return result.text();
  }

  /** What a program prints that succeeds. */
  static String tool(String... command) throws Exception {
    return printed(List.of(command));
  }

  private List<String> command(List<String> words) {
    List<String> command = new ArrayList<>(List.of("virsh", "-q", "-c", daemon.uri()));
    command.addAll(words);
    return command;
  }

  private List<String> command(String words) {
    return command(Arrays.asList(words.split(" ")));
  }

  /** What a command of virsh prints that succeeds; words are apart by a space. */
  String virsh(String words) throws Exception {
    return printed(command(words));
  }

  /** The same with words that have spaces. */
  String virsh(List<String> words) throws Exception {
    return printed(command(words));
  }

  /** A command of virsh that may fail. */
  Result tried(String words) throws IOException, InterruptedException {
    return run(command(words));
  }

  /** Begins a command of virsh, and kills the daemon a while later; the next daemon is there. */
  void killAmid(String words, long milliseconds) throws Exception {
    killAmid(words, command -> TimeUnit.MILLISECONDS.sleep(milliseconds), () -> {});
  }

  /** Work that may fail in any way. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  /** Waits for a moment while a command is done, which may end before. */
  @FunctionalInterface
  interface Moment {
    void await(Process command) throws Exception;
  }

  /**
   * Begins a command of virsh, and kills the daemon.
   *
   * @param until waits for the moment
   * @param then what is done before the next daemon is started
   */
  void killAmid(String words, Moment until, Step then) throws Exception {
    Process command = begin(command(words));
    until.await(command);
    daemon.kill();
    then.run();
    command.waitFor();
    daemon = WardianDaemon.start(folder.resolve("d"));
  }

  /** A file of the host's folder. */
  Path path(String name) {
    return folder.resolve(name);
  }

  /** Makes the image, of a size as qemu-img has it, and defines the domain, which has firmware. */
  void define(String size) throws Exception {
    define(size, "<os><type>hvm</type></os>", "");
  }

  /**
   * The same with more.
   *
   * @param machine the element os, and others that are no devices
   * @param devices what it has beside the disk
   */
  void define(String size, String machine, String devices) throws Exception {
    tool("qemu-img", "create", "-q", "-f", "qcow2", path("disk").toString(), size);
    Path document =
        Files.writeString(
            path("d.xml"),
            """
            <domain type='qemu'>
              <name>d</name><memory unit='MiB'>32</memory>%s
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='qcow2'/><source file='%s'/>
                  <target dev='vda' bus='virtio'/>
                </disk>
                %s
              </devices>
            </domain>
            """
                .formatted(machine, path("disk"), devices));
    virsh("define " + document);
  }

  /** What the domain writes. */
  Path top() throws Exception {
    return Path.of(virsh("domblklist d").lines().toList().getLast().replaceAll(".* ", ""));
  }

  /** An image and those beneath it, by their headers. */
  static List<String> chain(Path top) throws Exception {
    return tool("qemu-img", "info", "-U", "--backing-chain", top.toString())
        .lines()
        .filter(line -> line.startsWith("image: "))
        .map(line -> line.substring("image: ".length()))
        .toList();
  }

  /** All images that are there. */
  List<String> images() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(Path::toString)
          .filter(file -> file.startsWith(path("disk").toString()))
          .toList();
    }
  }

  /** The folder of what a daemon was in the middle of with snapshots. */
  Path journal() {
    return path("d/lib/qemu/snapshot-unfinished/d");
  }

  @Override
  public void close() throws IOException {
    try {
      tried("destroy d");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      daemon.close();
    }
  }
}
