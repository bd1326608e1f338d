package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Daemon and machine are killed right after one another, or the machine alone, while a disk moves
 * to another image: what was written and flushed is on the disk that the definition has then.
 */
@Tag("slow")
@Timeout(1800)
class KilledPivotTest {
  private static final int KILLS = Integer.getInteger("wardian.kills", 2);
  private static final int MOST_MICROSECONDS = 20_000;
  private static final Pattern PID = Pattern.compile("<domstatus[^>]* pid=[\"'](\\d+)");

  @TempDir private Path folder;
  private OneDiskHost host;

  @BeforeEach
  void start() throws Exception {
    host = new OneDiskHost(folder);
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  /** What moves the disk. */
  enum Move {
    COMMIT("blockcommit d vda --active --wait", "blockjob d vda --pivot"),
    COPY("blockcopy d vda %s --format qcow2 --transient-job --wait", "blockjob d vda --pivot"),
    DELETION("domstate d", "snapshot-delete d s1");

    private final String begin;
    private final String end;

    Move(String begin, String end) {
      this.begin = begin;
      this.end = end;
    }
  }

  private void qmp(String command) throws Exception {
    assertThat(host.virsh(List.of("qemu-monitor-command", "d", command))).contains("return");
  }

  private CountingWriter write() throws Exception {
    Path socket = host.path("nbd");
    Files.deleteIfExists(socket);
    qmp(
        """
        {"execute":"nbd-server-start","arguments":
          {"addr":{"type":"unix","data":{"path":"%s"}}}}\
        """
            .formatted(socket));
    qmp(
        """
        {"execute":"nbd-server-add","arguments":
          {"device":"virtio-disk0","name":"d","writable":true}}\
        """);
    return new CountingWriter(socket, "d");
  }

  /** What the daemon keeps of the machine; empty where there is none. */
  private String status() throws Exception {
    try {
      return Files.readString(host.path("d/run/qemu/d.xml"));
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private void killMachine() throws Exception {
    Matcher pid = PID.matcher(status());
    if (pid.find()) {
      ProcessHandle machine = ProcessHandle.of(Long.parseLong(pid.group(1))).orElse(null);
      if (machine != null) {
        machine.destroyForcibly();
        machine.onExit().join();
      }
    }
  }

  /** Kills the machine, and waits until the daemon has seen it. */
  private void endMachine() throws Exception {
    killMachine();
    while (!host.virsh("domstate d").equals("shut off")) {
      Thread.sleep(20);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatWasWrittenIsThere(Move move) throws Exception {
    Random random = new Random(Long.getLong("wardian.seed", 1L));
    for (int i = 0; i < KILLS; i++) {
      host.define("16M");
      host.virsh("start d --paused");
      CountingWriter writer = write();
      writer.await(100);
      host.virsh("snapshot-create-as d s1 --disk-only");
      writer.await(100);
      host.virsh(move.begin.formatted(host.path("disk.copy")));
      long pause = TimeUnit.MICROSECONDS.toNanos(random.nextInt(MOST_MICROSECONDS));
      boolean daemonFirst = i % 2 == 0;
      host.killAmid(
          move.end,
          command -> {
            while (command.isAlive() && !status().contains("pivoting")) {
              Thread.onSpinWait();
            }
            LockSupport.parkNanos(pause);
            if (!daemonFirst) {
              endMachine();
            }
          },
          this::killMachine);
      assertThat(host.virsh("domstate d")).isEqualTo("shut off");
      writer.requireAll(host.top());
      OneDiskHost.tool("qemu-img", "check", "-q", "-r", "leaks", host.top().toString());
      host.virsh("undefine d --snapshots-metadata");
      for (String image : host.images()) {
        Files.delete(Path.of(image));
      }
    }
  }
}
