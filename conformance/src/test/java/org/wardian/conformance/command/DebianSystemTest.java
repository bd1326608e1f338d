package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.ExitStatus;

/**
 * {@code ward run debian} from nothing: the packages of the real archive, the machine that installs
 * them, and ssh of this host into the system. Needs a network and Debian's openssh-client.
 */
@Tag("slow")
class DebianSystemTest {
  /** The making of the disk and a start, on a machine with much else to do. */
  private static final long PATIENCE_MINUTES = 45;

  private static final int TERMINATED = 143;

  @TempDir private Path folder;

  @Test
  void isMadeBootedReachedAndKept() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/ssh")), "needs Debian's package openssh-client");
    Path key = folder.resolve("key");
    assertThat(run(folder, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString()))
        .isEmpty();
    int port = freePort();

    try (WardProcess ward = start(key, port)) {
      awaitLogin(ward, key, port);
      assertThat(
              inside(key, port, "systemctl is-system-running --wait; systemctl --failed --plain"))
          .startsWith("running\n");
      assertThat(inside(key, port, "id -un; sudo id -un; hostname")).isEqualTo("ada\nroot\nbox\n");
      assertThat(inside(key, port, "sudo cloud-init schema --system; cloud-init status"))
          .contains("Valid")
          .contains("status: done");
      inside(key, port, "sudo apt-get -q update && sudo apt-get -q install -y hello");
      assertThat(inside(key, port, "hello; sudo dpkg --audit")).isEqualTo("Hello, world!\n");
      powerOff(key, port);
      assertThat(ward.status()).as(ward.err()).isZero();
      assertThat(ward.err()).contains("ssh -p " + port + " ada@127.0.0.1");
    }
    String known = Files.readString(folder.resolve("known_hosts"));

    try (WardProcess ward = start(key, port)) {
      awaitLogin(ward, key, port);
      assertThat(inside(key, port, "hello")).isEqualTo("Hello, world!\n");
      powerOff(key, port);
      assertThat(ward.status()).as(ward.err()).isZero();
    }
    isSavedAndGoesOn(key, port);
    // ssh would have refused another key of the host.
    assertThat(folder.resolve("known_hosts")).hasContent(known);
    try (var left = Files.list(folder.resolve("ward/tmp"))) {
      assertThat(left.map(Path::toString)).noneMatch(name -> name.contains("wardian-seed"));
    }
  }

  /** The saved machine has its seed, so that nothing of its start need be said again. */
  private void isSavedAndGoesOn(Path key, int port) throws Exception {
    Path saved = folder.resolve("saved");
    String seed;
    try (WardProcess ward = start(key, port, "--save-to", saved.toString())) {
      awaitLogin(ward, key, port);
      inside(key, port, "echo remembered > /dev/shm/note");
      seed = inside(key, port, "sudo cat /dev/vdb | sha256sum");
      ward.terminate();
      assertThat(ward.status()).as(ward.err()).isEqualTo(TERMINATED);
    }
    try (WardProcess ward = restore(port, saved)) {
      awaitLogin(ward, key, port);
      assertThat(ward.err()).contains("ssh -p " + port + " ada@127.0.0.1");
      assertThat(inside(key, port, "cat /dev/shm/note")).isEqualTo("remembered\n");
      // Not what the guest remembers of it.
      inside(key, port, "echo 3 | sudo tee /proc/sys/vm/drop_caches");
      assertThat(inside(key, port, "sudo cat /dev/vdb | sha256sum")).isEqualTo(seed);
      powerOff(key, port);
      assertThat(ward.status()).as(ward.err()).isZero();
    }
  }

  private WardProcess restore(int port, Path saved) throws IOException {
    return ward()
        .run(
            "run",
            "debian:12",
            "--keep",
            folder.resolve("box.qcow2").toString(),
            "--publish",
            port + ":22",
            "--restore-from",
            saved.toString());
  }

  private WardProcess.Start ward() throws IOException {
    WardProcess.Start start =
        new WardProcess.Start(Files.createDirectories(folder.resolve("ward")));
    return start.usersCache().environment("XDG_CACHE_HOME", start.cache().toString());
  }

  private WardProcess start(Path key, int port, String... more) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "run",
                "debian:12",
                "--keep",
                folder.resolve("box.qcow2").toString(),
                "--user",
                "ada",
                "--hostname",
                "box",
                "--ssh-key",
                key.toString(),
                "--publish",
                port + ":22"));
    words.addAll(List.of(more));
    return ward().run(words.toArray(String[]::new));
  }

  private void awaitLogin(WardProcess ward, Path key, int port) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
    while (ssh(key, port, "true").status() != 0) {
      if (!ward.isAlive()) {
        assumeFalse(ward.status() == ExitStatus.DOWNLOAD.code(), "the archive cannot be reached");
      }
      assertThat(ward.isAlive()).as(ward.err() + ward.out()).isTrue();
      assertThat(System.nanoTime()).as(ward.err() + ward.out()).isLessThan(deadline);
      Thread.sleep(2000);
    }
  }

  private String inside(Path key, int port, String command) throws Exception {
    Result result = ssh(key, port, command);
    assertThat(result.status()).as(command + "\n" + result.output()).isZero();
    return result.output();
  }

  private void powerOff(Path key, int port) throws Exception {
    ssh(key, port, "sudo systemctl poweroff");
  }

  private record Result(int status, String output) {}

  private Result ssh(Path key, int port, String command) throws Exception {
    List<String> words = new ArrayList<>(List.of("ssh", "-p", Integer.toString(port)));
    for (String option :
        List.of(
            "BatchMode=yes",
            "ConnectTimeout=60",
            "StrictHostKeyChecking=accept-new",
            "LogLevel=ERROR",
            "UserKnownHostsFile=" + folder.resolve("known_hosts"))) {
      words.add("-o");
      words.add(option);
    }
    words.addAll(List.of("-i", key.toString(), "ada@127.0.0.1", command));
    Process process = new ProcessBuilder(words).redirectError(Redirect.DISCARD).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  private static String run(Path folder, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }
}
