package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ward run} as a newcomer types it: Debian's kernel, to a shell and back. */
class DefaultGuestTest {
  private static final int DOWNLOAD = 4;

  @TempDir private Path folder;

  @Test
  void answersCommandsRebootsAndPowersOff() throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("script"),
            """
            uname -m
            echo answer $((6 * 7))
            dmesg -r | grep '^<[0-4]>' | sed 's/^/noisy: /'
            reboot
            """);

    // The user's own cache, so that the guest is fetched once for all runs of this test.
    WardProcess.Start ward = new WardProcess.Start(folder).usersCache();
    try (WardProcess process = ward.run("run", "--script", script.toString(), "--timeout", "10m")) {
      int status = process.status();
      Assumptions.assumeFalse(status == DOWNLOAD, process.err());

      assertThat(status).as(process.out() + process.err()).isZero();
      assertThat(process.out())
          .contains("\nx86_64\r\n", "\nanswer 42\r\n", "reboot: Restarting system")
          .containsSubsequence("Linux version", "Linux version", "reboot: Power down");
    }
  }
}
