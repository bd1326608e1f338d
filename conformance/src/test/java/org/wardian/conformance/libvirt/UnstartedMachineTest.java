package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.conformance.command.TinyGuest;

/**
 * A machine that was started paused and has executed nothing is saved and kept by virsh in every
 * way, and its guest runs wherever it is told to go on. The guest says that it runs and switches
 * off.
 */
@Tag("slow")
@Timeout(600)
class UnstartedMachineTest {
  private static final String WORD = "ran\n";

  @TempDir private Path folder;
  private OneDiskHost host;
  private int runs;

  @BeforeEach
  void start() throws Exception {
    host = new OneDiskHost(folder);
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  private void define() throws Exception {
    String guest = new TinyGuest().print(WORD).powerOff().in(folder);
    host.define(
        "4M",
        "<os><type>hvm</type><kernel>%s</kernel></os>".formatted(guest),
        "<serial type='file'><source path='%s' append='on'/></serial>".formatted(words()));
  }

  private Path words() {
    return host.path("words");
  }

  private void requirePaused() throws Exception {
    assertThat(host.virsh("domstate d")).isEqualTo("paused");
    requireRuns(runs);
  }

  private void requireRuns(int number) throws Exception {
    assertThat(Files.exists(words()) ? Files.readString(words()) : "")
        .isEqualTo(WORD.repeat(number));
  }

  /** The guest, which was told to go on, has run to its end, and once. */
  private void requireRun() throws Exception {
    while (!host.virsh("domstate d").equals("shut off")) {
      Thread.sleep(20);
    }
    runs++;
    requireRuns(runs);
  }

  @Test
  void isSaved() throws Exception {
    define();
    String file = host.path("saved").toString();
    host.virsh("start d --paused");
    host.virsh("save d " + file);
    requireRuns(0);
    host.virsh("restore " + file);
    requirePaused();
    host.virsh("save d " + file);
    host.virsh("restore " + file + " --running");
    requireRun();
    host.virsh("restore " + file + " --paused");
    requirePaused();
    host.virsh("managedsave d");
    host.virsh("start d");
    requirePaused();
    host.virsh("managedsave d --running");
    host.virsh("start d");
    requireRun();
  }

  @Test
  void isKeptBySnapshots() throws Exception {
    define();
    host.virsh("start d --paused");
    host.virsh("snapshot-create-as d inside");
    assertThat(host.virsh("snapshot-info d inside")).containsPattern("State: +paused");
    host.virsh("resume d");
    requireRun();
    host.virsh("snapshot-revert d inside");
    requirePaused();
    host.virsh("snapshot-create-as d again");
    host.virsh("snapshot-revert d again --running");
    requireRun();
    host.virsh("snapshot-delete d inside --children");
    host.virsh("start d --paused");
    host.virsh(
        "snapshot-create-as d beside --memspec file=" + host.path("kept") + ",snapshot=external");
    requirePaused();
    host.virsh("resume d");
    requireRun();
    host.virsh("snapshot-revert d beside");
    requirePaused();
    host.virsh("snapshot-revert d beside --running");
    requireRun();
    host.virsh("snapshot-delete d beside");
    OneDiskHost.tool("qemu-img", "check", "-q", host.top().toString());
  }
}
