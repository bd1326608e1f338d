package org.wardian.conformance.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Debian's libvirtd in namespaces of its own: {@code programs/libvirtd-apart.sh}. */
public final class LibvirtdApart implements AutoCloseable {
  private static final Path PROGRAM = Path.of("programs", "libvirtd-apart.sh").toAbsolutePath();

  private final Path folder;
  private final String uri;

  private LibvirtdApart(Path folder, String uri) {
    this.folder = folder;
    this.uri = uri;
  }

  /** Whether there is one, and this user may start it. */
  public static boolean isPossible() {
    return System.getProperty("user.name").equals("root")
        && Files.exists(Path.of("/usr/sbin/libvirtd"));
  }

  /** Starts one that keeps all below a folder, or skips the test. */
  public static LibvirtdApart start(Path folder) throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        isPossible(),
        "only root can start a libvirtd apart from the host's (package libvirt-daemon-system)");
    Files.createDirectories(folder);
    Process start =
        new ProcessBuilder(PROGRAM.toString(), folder.toString()).redirectErrorStream(true).start();
    String said = new String(start.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (start.waitFor() != 0) {
      throw new IOException("no libvirtd: " + said);
    }
    return new LibvirtdApart(folder, said.substring(said.lastIndexOf('\n') + 1));
  }

  /** By what clients find it. */
  public String uri() {
    return uri;
  }

  @Override
  public void close() throws IOException {
    try {
      new ProcessBuilder(PROGRAM.toString(), folder.toString(), "stop").start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
