package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.daemon.domain.OverlayHost.chain;
import static org.wardian.daemon.domain.OverlayHost.requireContent;
import static org.wardian.daemon.domain.OverlayHost.tool;
import static org.wardian.daemon.domain.OverlayHost.write;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageCommit;
import org.wardian.storage.operation.Progress;

/** Snapshots on branches that a revert left are deleted, and internal ones that are stood on. */
@EnabledOnOs(OS.LINUX)
@Timeout(180)
class DeadBranchTest {
  private static final long SIZE = 64L << 20;

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

  /** Three snapshots of which the domain has left all: it has gone back to the first. */
  private Path leave(boolean running) throws Exception {
    host.take(running);
    virsh.printed("snapshot-revert d s1" + (running ? " --paused --force" : ""));
    if (!running) {
      write(host.written(), 8);
    }
    return host.written();
  }

  private void requireOwn(Path written, boolean running) throws Exception {
    assertThat(host.written()).isEqualTo(written);
    if (running) {
      requireContent(written);
    } else {
      requireContent(written, 8);
    }
    host.requireNothingUnfinished();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theLastOneGoesFirst(boolean running) throws Exception {
    Path written = leave(running);
    Map<String, String> before = host.images();
    for (int i = 3; i >= 1; i--) {
      virsh.printed("snapshot-delete d s" + i);
      assertThat(overlay(i)).doesNotExist();
      before.remove("top.s" + i);
      // No other image is another one.
      assertThat(host.images()).isEqualTo(before);
    }
    assertThat(host.tree()).isEmpty();
    requireOwn(written, running);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneInTheMiddleGoesIntoTheImageBeneath(boolean running) throws Exception {
    Path written = leave(running);
    virsh.printed("snapshot-delete d s2");
    assertThat(host.tree()).isEqualTo("s1 s3");
    assertThat(virsh.printed("snapshot-parent d s3")).isEqualTo("s1");
    assertThat(overlay(2)).doesNotExist();
    assertThat(chain(overlay(3))).containsExactly("top.s3", "top.s1", "top", "mid", "base");
    requireContent(overlay(3), 1, 2, 3);
    requireContent(overlay(1), 1, 2);
    assertThat(virsh.printed("snapshot-dumpxml d s3")).doesNotContain("top.s2");
    requireOwn(written, running);
    virsh.printed("snapshot-revert d s3" + (running ? " --paused --force" : ""));
    requireContent(host.written(), 1, 2);
  }

  /** Its base is the disk's own too: its overlay stays until nothing stands on it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theFirstOneLeavesItsOverlayToTheOthers(boolean running) throws Exception {
    Path written = leave(running);
    Map<String, String> before = host.images();
    virsh.printed("snapshot-delete d s1");
    assertThat(host.tree()).isEqualTo("s2 s3");
    assertThat(host.images()).isEqualTo(before);
    virsh.printed("snapshot-delete d s2");
    assertThat(overlay(2)).doesNotExist();
    requireContent(overlay(3), 1, 2, 3);
    requireContent(overlay(1), 1, 2);
    virsh.printed("snapshot-delete d s3");
    assertThat(overlay(3)).doesNotExist();
    assertThat(overlay(1)).doesNotExist();
    requireOwn(written, running);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--children", "--children-only"})
  void allGoTogether(String how) throws Exception {
    Path written = leave(false);
    virsh.printed("snapshot-delete d s1 " + how);
    boolean all = how.equals("--children");
    assertThat(host.tree()).isEqualTo(all ? "" : "s1");
    assertThat(host.images().keySet())
        .doesNotContain("top.s2", "top.s3")
        .contains("top", written.getFileName().toString());
    assertThat(Files.exists(overlay(1))).isEqualTo(!all);
    requireOwn(written, false);
  }

  /** A branch of a branch, and what a revert made for it. */
  @Test
  void whatARevertMadeGoesWithTheLastThatStandsOnIt() throws Exception {
    Path first = leave(false);
    virsh.printed("snapshot-create-as d x --disk-only");
    Path x = host.written();
    write(x, 9);
    virsh.printed("snapshot-revert d s3");
    Path written = host.written();
    assertThat(virsh.refused("snapshot-delete d s1 --children"))
        .contains("deletion of external children disk snapshots not supported");
    requireContent(x, 8, 9);
    virsh.printed("snapshot-delete d x");
    assertThat(x).doesNotExist();
    assertThat(first).doesNotExist();
    requireContent(written, 1, 2);
    // Nothing but the disk's chain is there now, and the overlay of s3 that was left.
    virsh.printed("snapshot-delete d s3");
    assertThat(overlay(3)).doesNotExist();
    virsh.printed("snapshot-delete d s2");
    virsh.printed("snapshot-delete d s1");
    assertThat(chain(host.written())).hasSize(4);
    requireContent(host.written(), 1, 2);
    host.requireNothingUnfinished();
  }

  @Test
  void whatOthersHaveStays() throws Exception {
    Path written = leave(false);
    Path other = host.path("other");
    // Nobody knows the one between.
    Images.create(
        host.path("between"),
        CreateOptions.qcow2(SIZE).withBacking(overlay(2).toString(), ImageFormat.QCOW2));
    Images.create(
        other,
        CreateOptions.qcow2(SIZE).withBacking(host.path("between").toString(), ImageFormat.QCOW2));
    host.defineOther(other);
    Map<String, String> before = host.images();
    before.remove("top.s3");
    for (String name : List.of("s3", "s2", "s1")) {
      virsh.printed("snapshot-delete d " + name);
      assertThat(host.images()).isEqualTo(before);
    }
    requireContent(other, 1, 2);
    virsh.printed("undefine e");
    requireOwn(written, false);
  }

  @Test
  void whatIsInUseIsNotRemoved() throws Exception {
    Path written = leave(false);
    try (BlockImage held = Images.open(overlay(3), OpenOptions.readOnly().withChain(false))) {
      assertThat(held.length()).isPositive();
      assertThat(virsh.refused("snapshot-delete d s3")).contains("cannot remove", "is in use");
    }
    assertThat(host.tree()).isEqualTo("s1 s2 s3");
    // One that cannot be merged stays where it is, and its snapshot goes.
    try (BlockImage held = Images.open(overlay(1), OpenOptions.readOnly().withChain(false))) {
      assertThat(held.length()).isPositive();
      virsh.printed("snapshot-delete d s2");
    }
    assertThat(host.tree()).isEqualTo("s1 s3");
    requireContent(overlay(3), 1, 2, 3);
    virsh.printed("snapshot-delete d s3");
    assertThat(List.of(overlay(2), overlay(3))).allSatisfy(file -> assertThat(file).doesNotExist());
    requireOwn(written, false);
  }

  /** Only a revert makes a branch dead: somebody may come back to one that he left himself. */
  @Test
  void aBranchThatSomebodyLeftByHandIsNot() throws Exception {
    host.take(false);
    Path definition = host.path("d.xml");
    Files.writeString(
        definition,
        virsh.printed("dumpxml d").replace(overlay(3).toString(), overlay(1).toString()));
    virsh.printed("define " + definition);
    assertThat(virsh.refused("snapshot-delete d s3")).contains("is on another branch");
    virsh.printed("detach-disk d vda --config");
    assertThat(virsh.refused("snapshot-delete d s3")).contains("vda");
    requireContent(overlay(3), 1, 2, 3);
  }

  private void journal(String name, String disk) throws Exception {
    host.journal(
        name,
        "<unfinished deed='prune'>"
            + virsh.printed("snapshot-dumpxml d " + name)
            + disk
            + "</unfinished>");
  }

  @Test
  void aMergeThatWasBegunIsEnded() throws Exception {
    Path written = leave(false);
    journal("s2", "<disk name='vda' fate='merge'><above file='" + overlay(3) + "'/></disk>");
    host.restart(() ->
        ImageCommit.run(overlay(2), OpenOptions.readWrite(), overlay(1), false, Progress.NONE));
    virsh = host.virsh();
    assertThat(host.tree()).isEqualTo("s1 s3");
    assertThat(overlay(2)).doesNotExist();
    requireContent(overlay(3), 1, 2, 3);
    assertThat(virsh.printed("snapshot-dumpxml d s3")).contains("file='" + overlay(1) + "'");
    requireOwn(written, false);
  }

  @Test
  void aRemovalThatWasBegunIsEnded() throws Exception {
    Path written = leave(false);
    journal("s3", "<disk name='vda' fate='remove'/>");
    virsh.printed("snapshot-delete d s3 --metadata");
    host.restart(() -> {});
    virsh = host.virsh();
    assertThat(overlay(3)).doesNotExist();
    assertThat(host.tree()).isEqualTo("s1 s2");
    requireContent(overlay(2), 1, 2);
    requireOwn(written, false);
  }

  /** Going back within an image would change what stands on it. */
  @Test
  void anInternalSnapshotBeneathOverlaysNeedsForce() throws Exception {
    virsh.printed("snapshot-create-as d inside");
    write(host.path("top"), 1);
    Path other = host.path("other");
    Images.create(
        other,
        CreateOptions.qcow2(SIZE).withBacking(host.path("top").toString(), ImageFormat.QCOW2));
    virsh.printed("snapshot-revert d inside");
    requireContent(host.path("top"));
    write(host.path("top"), 2);
    host.defineOther(other);
    assertThat(virsh.refused("snapshot-revert d inside"))
        .contains("revert requires force")
        .contains("'" + other + "' of domain 'e'");
    virsh.printed("undefine e");
    virsh.printed("snapshot-create-as d after --disk-only");
    write(host.path("top.after"), 3);
    assertThat(virsh.refused("snapshot-revert d inside"))
        .contains("'" + host.path("top.after") + "' of domain 'd'");
    requireContent(host.path("top.after"), 2, 3);
    virsh.printed("snapshot-revert d inside --force");
    assertThat(host.written()).isEqualTo(host.path("top"));
    requireContent(host.path("top"));
    tool("qemu-img", "check", "-q", host.path("top").toString());
  }
}
