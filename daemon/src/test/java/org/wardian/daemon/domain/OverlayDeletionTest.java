package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.daemon.domain.OverlayHost.chain;
import static org.wardian.daemon.domain.OverlayHost.requireContent;
import static org.wardian.daemon.domain.OverlayHost.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.daemon.storage.Virsh;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageCommit;
import org.wardian.storage.operation.ImageRebase;
import org.wardian.storage.operation.Progress;

/** Snapshots whose content is in overlays, deleted by virsh; what is left is QEMU's to check. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class OverlayDeletionTest {
  @TempDir private Path folder;
  private OverlayHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new OverlayHost(folder);
    virsh = host.virsh();
  }

  @AfterEach
  void stop() throws Exception {
    host.end();
  }

  private Path overlay(int number) {
    return host.overlay(number);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void eachMayGoAndTheDiskStays(boolean running) throws Exception {
    host.take(running);
    virsh.printed("snapshot-delete d s2");
    assertThat(overlay(2)).doesNotExist();
    assertThat(chain(overlay(3))).containsExactly("top.s3", "top.s1", "top", "mid", "base");
    assertThat(host.tree()).isEqualTo("s1 s3");
    assertThat(virsh.printed("snapshot-parent d s3")).isEqualTo("s1");
    assertThat(virsh.printed("snapshot-dumpxml d s3"))
        .contains("file='" + overlay(1) + "'")
        .doesNotContain(overlay(2) + "'");
    requireContent(overlay(3), 1, 2, 3);
    virsh.printed("snapshot-delete d s3");
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s1");
    assertThat(host.sources()).containsOnly(overlay(1).toString());
    virsh.printed("snapshot-delete d s1");
    assertThat(host.tree()).isEmpty();
    assertThat(host.sources()).containsOnly(host.path("top").toString());
    assertThat(virsh.printed("dumpxml d --inactive")).doesNotContain("top.s");
    assertThat(List.of(overlay(1), overlay(2), overlay(3)))
        .allSatisfy(file -> assertThat(file).doesNotExist());
    requireContent(host.path("top"), 1, 2, 3);
    host.requireNothingUnfinished();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatLibvirtRefusesIsRefused(boolean running) throws Exception {
    host.take(running);
    for (String[] one :
        new String[][] {
          {"s1 --children", "deletion of external children disk snapshots not supported"},
          {"s1 --children-only", "deletion of external children disk snapshots not supported"},
          {"s3 --children", "deletion of external disk snapshots with children not supported"},
        }) {
      assertThat(virsh.refused("snapshot-delete d " + one[0])).contains(one[1]);
    }
    virsh.printed("snapshot-delete d s3 --children-only");
    virsh.printed("snapshot-delete d s2 --metadata");
    assertThat(host.tree()).isEqualTo("s1 s3");
    assertThat(overlay(2)).exists();
    // The branch of a snapshot that is not in the disk's chain.
    tool("cp", overlay(3).toString(), host.path("branch").toString());
    Files.writeString(
        host.path("b.xml"),
        virsh
            .printed("snapshot-dumpxml d s3")
            .replace("<name>s3<", "<name>b<")
            .replace(overlay(3).toString(), host.path("branch").toString()));
    virsh.printed("snapshot-create d " + host.path("b.xml") + " --redefine");
    assertThat(virsh.refused("snapshot-delete d b"))
        .contains("could not find base disk source in disk source chain");
    assertThat(virsh.refused("snapshot-delete d s3"))
        .contains("of snapshot 'b' of domain 'd' is based on");
    requireContent(overlay(3), 1, 2, 3);
    requireContent(host.path("branch"), 1, 2, 3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCommitThatFailsLeavesAllAsItWas(boolean running) throws Exception {
    host.take(running);
    String before = virsh.printed("dumpxml d");
    String kept = virsh.printed("snapshot-dumpxml d s2");
    for (String name : List.of("s2", "s3")) {
      Path base = name.equals("s2") ? overlay(1) : overlay(2);
      // Whoever reads an image forbids writing it.
      try (BlockImage held = Images.open(base, OpenOptions.readOnly().withChain(false))) {
        assertThat(held.length()).isPositive();
        assertThat(virsh.refused("snapshot-delete d " + name)).contains("lock");
      }
    }
    assertThat(virsh.printed("dumpxml d")).isEqualTo(before);
    assertThat(virsh.printed("snapshot-dumpxml d s2")).isEqualTo(kept);
    assertThat(chain(overlay(3))).hasSize(6);
    requireContent(overlay(3), 1, 2, 3);
    virsh.printed("snapshot-delete d s3");
    requireContent(overlay(2), 1, 2, 3);
  }

  private void journal(String name) throws Exception {
    host.journal(
        name,
        "<unfinished deed='merge'>"
            + virsh.printed("snapshot-dumpxml d " + name)
            + "</unfinished>");
  }

  private void restart(OverlayHost.Step between) throws Exception {
    host.restart(between);
    virsh = host.virsh();
  }

  private static void commit(Path overlay, Path base) throws IOException {
    ImageCommit.run(overlay, OpenOptions.readWrite(), base, false, Progress.NONE);
  }

  @Test
  void aDeletionThatHasOnlyBegunIsForgotten() throws Exception {
    host.take(false);
    journal("s3");
    restart(() -> commit(overlay(3), overlay(2)));
    assertThat(host.tree()).isEqualTo("s1 s2 s3");
    assertThat(host.sources()).containsOnly(overlay(3).toString());
    requireContent(overlay(3), 1, 2, 3);
    host.requireNothingUnfinished();
    // The image beneath is not what it was.
    assertThat(virsh.printed("snapshot-dumpxml d s3")).contains("<snapshotDeleteInProgress/>");
    assertThat(virsh.refused("snapshot-revert d s3"))
        .contains("was target of not completed snapshot delete");
    virsh.printed("snapshot-delete d s3");
    requireContent(overlay(2), 1, 2, 3);
  }

  @Test
  void aDeletionThatWasHalfDoneIsEnded() throws Exception {
    host.take(false);
    journal("s2");
    restart(() -> {
      commit(overlay(2), overlay(1));
      ImageRebase.unsafe(
          overlay(3), OpenOptions.readWrite(), overlay(1).toString(), ImageFormat.QCOW2);
    });
    assertThat(host.tree()).isEqualTo("s1 s3");
    assertThat(overlay(2)).doesNotExist();
    assertThat(virsh.printed("snapshot-dumpxml d s3")).contains("file='" + overlay(1) + "'");
    requireContent(overlay(3), 1, 2, 3);
    journal("s3");
    restart(() -> {
      commit(overlay(3), overlay(1));
      Path definition = host.path("etc/qemu/d.xml");
      Files.writeString(
          definition,
          Files.readString(definition).replace(overlay(3).toString(), overlay(1).toString()));
    });
    assertThat(host.tree()).isEqualTo("s1");
    assertThat(overlay(3)).doesNotExist();
    requireContent(overlay(1), 1, 2, 3);
  }

  @Test
  void aFileThatWasLeftGoes() throws Exception {
    host.take(false);
    journal("s3");
    Path entry = host.path("lib/qemu/snapshot-unfinished/d/s3.xml");
    String words = Files.readString(entry);
    tool("cp", overlay(3).toString(), host.path("left").toString());
    virsh.printed("snapshot-delete d s3");
    assertThat(entry).doesNotExist();
    restart(() -> {
      tool("cp", host.path("left").toString(), overlay(3).toString());
      Files.writeString(entry, words);
    });
    assertThat(overlay(3)).doesNotExist();
    assertThat(entry).doesNotExist();
    assertThat(host.tree()).isEqualTo("s1 s2");
    requireContent(overlay(2), 1, 2, 3);
  }
}
