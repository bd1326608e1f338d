package org.wardian.conformance.debian;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A Debian package, fetched by apt-get, which checks its signature, and unpacked without being
 * installed. It is kept for later runs.
 */
public final class DebianPackage {
  private static final Path FOLDER = Path.of("target", "packages").toAbsolutePath();
  private static final int LIMIT_MINUTES = 10;

  /** Fetches into {@code $2}, unpacks to {@code $3}; an interrupted one leaves no {@code $3}. */
  private static final String SCRIPT =
      """
      set -e
      mkdir -p "$2"; cd "$2"; rm -f *.deb; rm -rf tree; mkdir tree
      apt-get -q -o APT::Sandbox::User= download "$1"
      dpkg-deb --fsys-tarfile *.deb | tar x -C tree --no-same-owner
      mv tree "$3"; rm -f *.deb
      """;

  private DebianPackage() {}

  /**
   * A file of a package; where the package cannot be had, the test is skipped.
   *
   * @param path without a leading slash
   */
  public static Path file(String name, String path) throws IOException, InterruptedException {
    Path tree = FOLDER.resolve(name);
    if (!Files.isDirectory(tree)) {
      fetch(name, tree);
    }
    return tree.resolve(path);
  }

  private static void fetch(String name, Path tree) throws IOException, InterruptedException {
    Path log = Files.createDirectories(FOLDER).resolve(name + ".log");
    Path work = FOLDER.resolve(name + ".new");
    List<String> command =
        List.of("sh", "-c", SCRIPT, "sh", name, work.toString(), tree.toString());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    boolean ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      process.destroyForcibly();
    }
    Assumptions.assumeTrue(
        ended && process.exitValue() == 0,
        () -> "the Debian package " + name + " cannot be had; see " + log);
  }
}
