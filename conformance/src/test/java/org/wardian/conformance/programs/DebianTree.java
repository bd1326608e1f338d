package org.wardian.conformance.programs;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.conformance.debian.CommandResult;

/**
 * A small Debian in a folder of its own, made of packages by {@code programs/build-tree.sh}, whose
 * programs run on this host in a changed root.
 */
final class DebianTree {
  private static final Path SCRIPTS = Path.of("programs").toAbsolutePath();
  private static final Path FOLDER = Path.of("target", "programs").toAbsolutePath();
  private static final int LIMIT_MINUTES = 20;

  private final Path root;

  private DebianTree(Path root) {
    this.root = root;
  }

  /**
   * Makes the tree, or takes the one of the last run, and puts the test scripts into it. On a host
   * that is no Debian 12 for amd64, or has never had the packages and no network, the test is
   * skipped.
   */
  static DebianTree make(List<String> suite) throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        "amd64".equals(System.getProperty("os.arch")) && isBookworm(),
        "the host's results are those of Debian 12's programs on an x86-64 processor");
    Files.createDirectories(FOLDER);
    Path log = FOLDER.resolve("build.log");
    Process build =
        new ProcessBuilder("sh", SCRIPTS.resolve("build-tree.sh").toString(), FOLDER.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended = build.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      build.destroyForcibly();
    }
    Assumptions.assumeTrue(
        ended && build.exitValue() == 0,
        () -> "the Debian packages cannot be had: " + read(log).strip());
    DebianTree tree = new DebianTree(FOLDER.resolve("tree"));
    for (String name : suite) {
      Files.write(tree.root.resolve("suite").resolve(name), resource(name));
    }
    Files.copy(
        SCRIPTS.resolve("in-tree.sh"),
        tree.root.resolve("suite/in-tree.sh"),
        StandardCopyOption.REPLACE_EXISTING);
    return tree;
  }

  private static boolean isBookworm() {
    Path release = Path.of("/etc/os-release");
    return Files.isReadable(release) && read(release).contains("VERSION_CODENAME=bookworm");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = DebianTree.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      return in.readAllBytes();
    }
  }

  /** Runs a test script on this host. */
  CommandResult run(String script) throws IOException, InterruptedException {
    Path out = FOLDER.resolve(script + ".out");
    Process process =
        new ProcessBuilder("sh", SCRIPTS.resolve("in-tree.sh").toString(), root.toString(), script)
            .redirectErrorStream(true)
            .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(out.toFile())
            .start();
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError(script + " does not end on this host: " + read(out));
    }
    return new CommandResult(read(out), process.exitValue());
  }

  /** The tree as a folder of an initramfs. */
  List<CpioEntry> entries(String folder) throws IOException {
    List<CpioEntry> entries = new ArrayList<>();
    entries.add(CpioEntry.directory(folder, 0755));
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path path : walk.sorted().toList()) {
        if (path.equals(root)) {
          continue;
        }
        String name = folder + "/" + root.relativize(path);
        if (Files.isSymbolicLink(path)) {
          entries.add(CpioEntry.symbolicLink(name, Files.readSymbolicLink(path).toString()));
        } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          entries.add(CpioEntry.directory(name, 0755));
        } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          int permissions = Files.isExecutable(path) ? 0755 : 0644;
          entries.add(CpioEntry.file(name, permissions, Files.readAllBytes(path)));
        }
      }
    }
    return entries;
  }
}
