package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/** Block jobs as virsh begins, follows and ends them. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class BlockJobVirshTest {
  private static final String CHAIN = "dumpxml d --xpath '//disk//source/@file'";

  @TempDir private Path folder;
  private BlockJobHost host;

  @BeforeEach
  void start() throws Exception {
    host = new BlockJobHost(folder);
    host.virsh().printed("start d --paused");
  }

  @AfterEach
  void stop() throws Exception {
    host.end();
  }

  private List<String> chain() throws Exception {
    return host.virsh()
        .printed(CHAIN)
        .lines()
        .map(line -> line.replaceAll(".*/([^/\"]+)\".*", "$1"))
        .toList();
  }

  @Test
  void aDiskIsMovedToItsCopy() throws Exception {
    String copy = host.path("copy").toString();
    host.virsh().printed("blockcopy d vda " + copy + " --transient-job --wait --pivot");
    assertThat(host.sources()).containsOnly(copy);
    assertThat(chain()).containsExactly("copy");
    assertThat(host.virsh().printed("blockjob d vda")).isEmpty();
  }

  @Test
  void aCopyIsSaidWhileItIsMadeAndLetGo() throws Exception {
    host.virsh().printed("blockcopy d vda " + host.path("copy") + " --transient-job --bandwidth 1");
    assertThat(host.virsh().printed("blockjob d vda"))
        .contains("Block Copy", "Bandwidth limit: 1048576 bytes/s");
    assertThat(host.virsh().printed("dumpxml d --xpath //mirror"))
        .contains("job=\"copy\"", host.path("copy").toString());
    assertThat(host.virsh().printed("dumpxml d --inactive")).doesNotContain("<mirror");
    assertThat(host.virsh().refused("blockjob d vda --pivot")).contains("not ready for pivot yet");
    for (String other :
        List.of(
            "blockpull d vda",
            "blockcommit d vda --active",
            "blockcopy d vda " + host.path("other") + " --transient-job",
            "snapshot-create-as d s --disk-only --no-metadata",
            "detach-disk d vda")) {
      assertThat(host.virsh().refused(other))
          .contains("block copy still active: disk 'vda' already in active block job");
    }
    assertThat(host.virsh().refused("save d " + host.path("saved")))
        .contains("domain has active block job");
    assertThat(host.virsh().refused("backup-begin d"))
        .contains("disk 'vda' has a blockjob assigned");
    host.virsh().printed("blockjob d vda --bytes 0");
    host.virsh().printed("blockjob d vda --abort");
    assertThat(host.virsh().printed("dumpxml d")).doesNotContain("<mirror");
    assertThat(chain()).containsExactly("top", "mid", "base");
  }

  @Test
  void aShallowCopyHasTheSameImagesBeneath() throws Exception {
    Images.create(
        host.path("shallow"),
        CreateOptions.qcow2(64L << 20).withBacking(host.path("mid").toString(), ImageFormat.QCOW2));
    host.virsh()
        .printed(
            "blockcopy d vda "
                + host.path("shallow")
                + " --transient-job --shallow --reuse-external --wait --pivot");
    assertThat(chain()).containsExactly("shallow", "mid", "base");
  }

  @Test
  void imagesArePutIntoTheOnesBeneath() throws Exception {
    host.virsh()
        .printed(
            "blockcommit d vda --top %s --base %s --wait"
                .formatted(host.path("mid"), host.path("base")));
    assertThat(chain()).containsExactly("top", "base");
    host.virsh().printed("blockcommit d vda --active --wait --keep-overlay");
    assertThat(chain()).containsExactly("top", "base");
    host.virsh().printed("blockcommit d vda --active --wait --pivot --delete");
    assertThat(host.sources()).containsOnly(host.path("base").toString());
    assertThat(host.path("top")).doesNotExist();
    assertThat(host.path("base")).exists();
  }

  @Test
  void whatIsBeneathIsPulledUp() throws Exception {
    host.virsh().printed("blockpull d vda --base " + host.path("base") + " --wait");
    assertThat(chain()).containsExactly("top", "base");
    host.virsh().printed("blockpull d vda --wait");
    assertThat(chain()).containsExactly("top");
    assertThat(host.sources()).containsOnly(host.path("top").toString());
  }

  @Test
  void overlaysOfSnapshotsAreCommittedAgain() throws Exception {
    assertThat(host.virsh().refused("snapshot-create-as d s --disk-only --no-metadata --quiesce"))
        .contains("QEMU guest agent is not configured");
    host.virsh().printed("snapshot-create-as d s --disk-only --no-metadata");
    assertThat(chain()).containsExactly("top.s", "top", "mid", "base");
    host.virsh().printed("blockcommit d vda --active --shallow --wait --pivot");
    assertThat(chain()).containsExactly("top", "mid", "base");
    assertThat(host.sources()).containsOnly(host.path("top").toString());
  }

  @Test
  void whatCannotBeIsNamed() throws Exception {
    String no = host.path("no").toString();
    Files.writeString(host.path("full"), "something");
    for (String[] one :
        new String[][] {
          {"blockcommit d vda", "commit of 'vda' active layer requires active flag"},
          {"blockcommit d vdz", "disk 'vdz' not found in domain"},
          {"blockcommit d vda --base " + no, "could not find image '" + no + "' beneath '"},
          {"blockcommit d vda --top " + no, "could not find image '" + no + "' in chain for 'vda'"},
          {"blockcommit d vda --base vda[9]", "backing store index '9' in chain for 'vda'"},
          {"blockcommit d vda --base vdb[1]", "target 'vdb' does not match target 'vda'"},
          {"blockpull d vda --base " + no, "could not find image '" + no + "' beneath '"},
          {"blockcopy d vda " + no, "domain is not transient"},
          {"blockcopy d vda " + no + " --transient-job --reuse-external", "missing destination"},
          {
            "blockcopy d vda " + no + " --transient-job --shallow --format raw",
            "shallow copy of disk 'vda' into a raw file is not possible"
          },
          {"blockcopy d vda " + no + "/x --transient-job", "failed to create copy target"},
          {"blockcopy d vda " + no + " --transient-job --granularity 9", "must be power of 2"},
          {"blockcopy d vda " + host.path("full") + " --transient-job", "already exists"},
          {"blockjob d vda --abort", "disk vda does not have an active block job"},
          {"blockjob d vda 5", "disk vda does not have an active block job"},
          {"domblkthreshold d vdz 1", "failed to find disk 'vdz'"},
        }) {
      assertThat(host.virsh().refused(one[0])).as(one[0]).contains(one[1]);
    }
    assertThat(host.path("no")).doesNotExist();
    host.virsh().printed("destroy d");
    assertThat(host.virsh().refused("blockpull d vda")).contains("domain is not running");
  }

  @Test
  void thresholdsAreShownWithTheImages() throws Exception {
    host.virsh().printed("domblkthreshold d vda[2] 1000000");
    host.virsh().printed("domblkthreshold d vda 2000000");
    assertThat(host.virsh().printed("domstats d --block --backing"))
        .contains("block.count=3", "block.0.threshold=2000000", "block.1.threshold=1000000");
  }

  @Test
  @Tag("slow")
  void jobsOutliveTheDaemon() throws Exception {
    host.virsh().printed("blockcopy d vda " + host.path("copy") + " --transient-job --bandwidth 1");
    host.restart(() -> {});
    assertThat(host.virsh().printed("blockjob d vda")).contains("Block Copy");
    host.virsh().printed("blockjob d vda --abort");
    host.virsh().printed("blockpull d vda --bandwidth 20");
    host.restart(() -> {
      try {
        // As long as the machine takes, and more: the result is the same where it is not.
        Thread.sleep(1_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    while (!host.virsh().printed("blockjob d vda").isEmpty()) {
      Thread.sleep(100);
    }
    assertThat(chain()).containsExactly("top");
  }
}
