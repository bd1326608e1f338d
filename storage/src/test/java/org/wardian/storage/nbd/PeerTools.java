package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.storage.QemuTools;

/** Programs of others that speak NBD: Debian packages qemu-utils, libnbd-bin, nbdkit. */
final class PeerTools {
  private PeerTools() {}

  /** Skips the test where they are missing. */
  static void require() {
    QemuTools.require();
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/nbdinfo")),
        "nbdinfo is missing: install the package libnbd-bin");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/sbin/nbdkit"))
            || Files.isExecutable(Path.of("/usr/bin/nbdkit")),
        "nbdkit is missing: install the package nbdkit");
  }

  /** A tool that must succeed; what it said. */
  static String run(String tool, Object... arguments) {
    QemuTools.Outcome outcome = QemuTools.run(tool, arguments);
    assertThat(outcome.status()).as("%s: %s", tool, outcome.output()).isZero();
    return outcome.output();
  }

  /** The URI of an export at a UNIX socket. */
  static String uri(UnixDomainSocketAddress address, String export) {
    return "nbd+unix:///" + export + "?socket=" + address.getPath();
  }
}
