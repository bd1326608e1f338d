package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same commands of virsh, to our daemon and to Debian's libvirtd (package
 * libvirt-daemon-system), give the same answers but for those that {@code steps.txt} explains.
 */
@EnabledOnOs(OS.LINUX)
@Tag("slow")
@Timeout(600)
class BesideLibvirtTest {
  private static final Path LIBVIRTD = Path.of("/usr/sbin/libvirtd");

  @TempDir private Path folder;

  @Test
  void theAnswersAreTheSame() throws Exception {
    assumeTrue(Files.isExecutable(LIBVIRTD), "libvirtd is missing: install libvirt-daemon-system");
    DaemonSteps steps = DaemonSteps.ofResource("steps.txt");
    List<DaemonSteps.Answer> ours;
    try (StorageHost host = new StorageHost(Files.createDirectory(folder.resolve("wardian")))) {
      ours = steps.answers(host.uri(), Files.createDirectory(folder.resolve("a")), one -> {});
    }
    List<DaemonSteps.Answer> theirs;
    Process libvirtd = libvirtd();
    try {
      String uri = "qemu+unix:///session?socket=" + folder.resolve("run/libvirt/libvirt-sock");
      theirs = steps.answers(uri, Files.createDirectory(folder.resolve("b")), one -> {});
    } finally {
      libvirtd.destroy();
      if (!libvirtd.waitFor(20, TimeUnit.SECONDS)) {
        libvirtd.destroyForcibly().waitFor();
      }
    }
    assertThat(ours).hasSameSizeAs(theirs);
    SoftAssertions softly = new SoftAssertions();
    int compared = 0;
    for (int i = 0; i < ours.size(); i++) {
      if (ours.get(i).difference() == null) {
        softly
            .assertThat(ours.get(i).text())
            .as(ours.get(i).step())
            .isEqualTo(theirs.get(i).text());
        compared++;
      }
    }
    softly.assertAll();
    System.out.printf("%d answers compared of %d steps%n", compared, ours.size());
  }

  private Process libvirtd() throws Exception {
    Path run = Files.createDirectory(folder.resolve("run"));
    Path config = folder.resolve("libvirtd.conf");
    Files.writeString(config, "auth_unix_rw = \"none\"\nunix_sock_rw_perms = \"0700\"\n");
    // Another user's id in a namespace of its own makes it a user's daemon, with folders of its
    // own.
    ProcessBuilder builder =
        new ProcessBuilder(
            "unshare",
            "--user",
            "--map-user=1000",
            "--map-group=1000",
            LIBVIRTD.toString(),
            "--config",
            config.toString(),
            "--pid-file",
            run.resolve("pid").toString());
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
    builder.redirectInput(new File("/dev/null"));
    builder.environment().put("HOME", folder.resolve("home").toString());
    builder.environment().put("XDG_RUNTIME_DIR", run.toString());
    builder.environment().put("XDG_CONFIG_HOME", folder.resolve("home/config").toString());
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("home/cache").toString());
    builder.environment().put("XDG_DATA_HOME", folder.resolve("home/data").toString());
    Process process = builder.start();
    Path socket = run.resolve("libvirt/libvirt-sock");
    while (!Files.exists(socket)) {
      if (!process.isAlive()) {
        throw new IOException("libvirtd ended: " + Files.readString(folder.resolve("log")));
      }
      Thread.sleep(20);
    }
    return process;
  }
}
