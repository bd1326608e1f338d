package org.wardian.conformance.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.conformance.debian.CommandResult;
import org.wardian.conformance.debian.DebianGuest;
import org.wardian.conformance.debian.GuestShell;

/** Programs print in a guest what they print on the host. One boot serves all of them. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DebianProgramsTest {
  private static final long MEMORY = 1L << 30;

  private static final List<String> SUITE =
      List.of(
          "openssl-digests.sh",
          "openssl-ciphers.sh",
          "openssl-keys.sh",
          "compressors.sh",
          "perl.sh",
          "sqlite.sh",
          "gcc.sh",
          "python-floats.sh",
          "python-float.sh",
          "python-struct.sh",
          "python-math.sh",
          "python-decimal.sh");

  private DebianTree tree;
  private GuestShell shell;

  static List<String> suite() {
    return SUITE;
  }

  @BeforeAll
  void boot() throws Exception {
    tree = DebianTree.make(SUITE);
    shell =
        GuestShell.boot(DebianGuest.cloud().withMemory(MEMORY).withFiles(tree.entries("debian")));
  }

  @AfterAll
  void stop() {
    if (shell != null) {
      shell.close();
    }
  }

  @ParameterizedTest
  @MethodSource("suite")
  void theGuestsResultsAreTheHosts(String script) throws Exception {
    CommandResult host = tree.run(script);
    assertThat(host.status()).as(host.output()).isZero();

    // By a file, so that the console's slowness is not the program's.
    CommandResult guest =
        shell.run(
            "sh /debian/suite/in-tree.sh /debian "
                + script
                + " >/tmp/out 2>&1 </dev/null; echo status $? >>/tmp/out; cat /tmp/out");

    assertThat(guest.text().lines())
        .containsExactlyElementsOf(
            (host.output() + "status " + host.status()).strip().lines().toList());
  }
}
