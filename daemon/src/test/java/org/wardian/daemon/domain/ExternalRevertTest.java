package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.daemon.domain.OverlayHost.chain;
import static org.wardian.daemon.domain.OverlayHost.requireContent;
import static org.wardian.daemon.domain.OverlayHost.write;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/**
 * Domains go back to snapshots whose content is beneath overlays; QEMU's tools say what is there.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class ExternalRevertTest {
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

  private String state() throws Exception {
    return virsh.printed("domstate d");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWasWrittenSinceIsGoneAndIsBackLater(boolean running) throws Exception {
    host.take(false);
    if (running) {
      virsh.printed("start d --paused");
    }
    Map<String, String> before = host.images();
    virsh.printed("snapshot-revert d s2");
    assertThat(state()).isEqualTo("shut off");
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s2");
    Path first = host.written();
    assertThat(first.getFileName().toString()).matches("top\\.\\d+");
    assertThat(chain(first).subList(1, 5)).containsExactly("top.s1", "top", "mid", "base");
    requireContent(first, 1);
    assertThat(host.images()).containsAllEntriesOf(before);
    write(first, 7);
    virsh.printed("snapshot-revert d s3");
    Path second = host.written();
    requireContent(second, 1, 2);
    // Nobody else knew of it.
    assertThat(first).doesNotExist();
    assertThat(host.images()).containsAllEntriesOf(before).hasSize(before.size() + 1);
    virsh.printed("snapshot-create-as d s4 --disk-only");
    assertThat(virsh.printed("snapshot-parent d s4")).isEqualTo("s3");
    virsh.printed("snapshot-revert d s1");
    requireContent(host.written());
    // The snapshot names it.
    assertThat(second).exists();
    assertThat(host.images()).containsAllEntriesOf(before);
    host.requireNothingUnfinished();
  }

  @Test
  void aMachineIsStartedWhereItIsAskedFor() throws Exception {
    host.take(false);
    virsh.printed("snapshot-revert d s1 --paused");
    assertThat(state()).isEqualTo("paused");
    assertThat(virsh.refused("snapshot-revert d s2 --running"))
        .contains("must respawn guest to start inactive snapshot");
    Path first = host.written();
    virsh.printed("snapshot-revert d s2 --running --force");
    assertThat(state()).isEqualTo("running");
    assertThat(first).doesNotExist();
    assertThat(chain(host.written())).hasSize(5);
    virsh.printed("snapshot-revert d s2");
    assertThat(state()).isEqualTo("shut off");
    requireContent(host.written(), 1);
  }

  @Test
  void anOverlayOfTheUsersStays() throws Exception {
    host.take(false);
    virsh.printed("snapshot-delete d s3 --metadata");
    virsh.printed("snapshot-revert d s2");
    assertThat(overlay(3)).exists();
    virsh.printed("undefine d --snapshots-metadata");
    assertThat(host.path("lib/qemu/snapshot-reverted")).isEmptyDirectory();
  }

  /** A snapshot of the disk's own chain is not deleted where that would change a branch. */
  @Test
  void whatBranchesStandOnIsNotDeleted() throws Exception {
    host.take(false);
    virsh.printed("snapshot-revert d s1");
    Path branch = host.written();
    write(branch, 8);
    virsh.printed("snapshot-create-as d x --disk-only");
    Path above = host.written();
    write(above, 9);
    virsh.printed("snapshot-revert d s3");
    requireContent(host.written(), 1, 2);
    Map<String, String> before = host.images();
    // No snapshot made the image that stands on the base of s1, but x is upon it.
    assertThat(virsh.refused("snapshot-delete d s1"))
        .contains("'" + branch + "' of snapshot 'x' of domain 'd' is based on an image that")
        .contains("deleting 's1' would change");
    assertThat(virsh.refused("snapshot-delete d s2"))
        .contains("'" + overlay(3) + "' of snapshot 's3' of domain 'd' is based on");
    assertThat(host.images()).isEqualTo(before);
    requireContent(above, 8, 9);
    // What is taken after a revert goes as ever.
    virsh.printed("snapshot-create-as d y --disk-only");
    write(host.written(), 4);
    virsh.printed("snapshot-delete d y");
    requireContent(host.written(), 1, 2, 4);
    virsh.printed("snapshot-revert d x");
    requireContent(host.written(), 8);
  }

  /** Nor where it would change an image of another domain, or of a pool. */
  @Test
  void whatOthersStandOnIsNotDeleted() throws Exception {
    host.take(false);
    Path other = host.path("other");
    Images.create(
        other,
        CreateOptions.qcow2(64L << 20).withBacking(overlay(1).toString(), ImageFormat.QCOW2));
    virsh.printed("snapshot-delete d s3");
    requireContent(overlay(2), 1, 2, 3);
    host.defineOther(other);
    Map<String, String> before = host.images();
    for (String name : List.of("s1", "s2")) {
      assertThat(virsh.refused("snapshot-delete d " + name))
          .contains("'" + other + "' of domain 'e' is based on an image that deleting");
    }
    assertThat(host.images()).isEqualTo(before);
    // An overlay that a revert made stays while another domain stands on it.
    virsh.printed("snapshot-revert d s2");
    Path left = host.written();
    Images.create(
        host.path("other.more"),
        CreateOptions.qcow2(64L << 20).withBacking(left.toString(), ImageFormat.QCOW2));
    virsh.printed("undefine e");
    host.defineOther(host.path("other.more"));
    virsh.printed("snapshot-revert d s2");
    assertThat(left).exists().isNotEqualTo(host.written());
    virsh.printed("undefine e");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatFailsLeavesAllAsItWas(boolean running) throws Exception {
    host.take(false);
    if (running) {
      virsh.printed("start d --paused");
    }
    Map<String, String> before = host.images();
    String definition = virsh.printed("dumpxml d --inactive");
    String known = virsh.printed("snapshot-current d --name");
    Path gone = overlay(1);
    Path away = host.path("away");
    Files.move(gone, away);
    assertThat(virsh.refused("snapshot-revert d s2")).contains("No such file or directory");
    Files.writeString(gone, "no image");
    assertThat(virsh.refused("snapshot-revert d s2")).contains("cannot make the overlay above");
    Files.move(away, gone, StandardCopyOption.REPLACE_EXISTING);
    Path mid = host.path("mid");
    Files.move(mid, away);
    assertThat(virsh.refused("snapshot-revert d s2 --paused --force"))
        .contains("it is the backing file of");
    Files.move(away, mid);
    assertThat(state()).isEqualTo(running ? "paused" : "shut off");
    // The overlays are made, and no machine starts.
    Path machine = host.path("machine");
    Files.move(machine, away);
    assertThat(virsh.refused("snapshot-revert d s2 --paused --force")).contains("machine");
    Files.move(away, machine);
    assertThat(host.images()).isEqualTo(before);
    assertThat(state()).isEqualTo("shut off");
    assertThat(virsh.printed("dumpxml d --inactive")).isEqualTo(definition);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo(known);
    host.requireNothingUnfinished();
  }

  /** Writes down a revert to s2, whose overlay is {@code top.new}, as a killed daemon leaves it. */
  private void journal(String counts, Path leaf, String definition) throws Exception {
    host.journal(
        "s2",
        """
        <unfinished deed='revert' counts='%s'>
          %s<overlay file='%s'/><leaf file='%s'/>%s
        </unfinished>
        """
            .formatted(
                counts,
                virsh.printed("snapshot-dumpxml d s2"),
                host.path("top.new"),
                leaf,
                definition));
  }

  private void kill(Path leaf) throws IOException {
    Images.create(
        host.path("top.new"),
        CreateOptions.qcow2(64L << 20).withBacking(overlay(1).toString(), ImageFormat.QCOW2));
    Path file = host.path("etc/qemu/d.xml");
    Files.writeString(
        file, Files.readString(file).replace(leaf.toString(), host.path("top.new").toString()));
  }

  private void restart(Path leaf) throws Exception {
    host.restart(() -> kill(leaf));
    virsh = host.virsh();
  }

  @Test
  void whatHadOnlyBegunIsUndone() throws Exception {
    host.take(false);
    virsh.printed("snapshot-revert d s3");
    Path leaf = host.written();
    write(leaf, 5);
    Map<String, String> before = host.images();
    String definition = virsh.printed("dumpxml d --inactive");
    journal("no", leaf, definition);
    restart(leaf);
    assertThat(virsh.printed("dumpxml d --inactive")).isEqualTo(definition);
    assertThat(host.images()).isEqualTo(before);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s3");
    requireContent(host.written(), 1, 2, 5);
    host.requireNothingUnfinished();
  }

  @Test
  void whatCountedIsEnded() throws Exception {
    host.take(false);
    virsh.printed("snapshot-revert d s3");
    Path leaf = host.written();
    journal("yes", leaf, virsh.printed("dumpxml d --inactive"));
    restart(leaf);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s2");
    assertThat(host.written()).isEqualTo(host.path("top.new"));
    assertThat(leaf).doesNotExist();
    requireContent(host.written(), 1);
    host.requireNothingUnfinished();
  }

  /** A disk that the snapshot left out goes on with what it holds. */
  @Test
  void whatWasLeftOutIsLeftAlone() throws Exception {
    Path other = host.path("other");
    Images.create(other, CreateOptions.qcow2(64L << 20));
    virsh.printed("attach-disk d " + other + " vdb --subdriver qcow2 --config");
    virsh.printed("snapshot-create-as d a --disk-only --diskspec vdb,snapshot=no");
    write(other, 1);
    virsh.printed("snapshot-create-as d b --disk-only");
    write(host.path("other.b"), 2);
    write(host.path("top.b"), 3);
    Map<String, String> before = host.images();
    virsh.printed("snapshot-revert d a");
    String disks = virsh.printed("domblklist d");
    assertThat(disks).containsPattern("vda +" + host.path("top") + "\\.\\d+\n");
    assertThat(disks).containsPattern("vdb +" + host.path("other.b"));
    assertThat(host.images()).containsAllEntriesOf(before);
    requireContent(host.path("other.b"), 1, 2);
    // Of both disks this time.
    virsh.printed("snapshot-revert d b");
    disks = virsh.printed("domblklist d");
    assertThat(disks).containsPattern("vdb +" + other + "\\.\\d+");
    assertThat(host.images()).containsAllEntriesOf(before).hasSize(before.size() + 2);
    virsh.printed("detach-disk d vdb --config");
    assertThat(virsh.refused("snapshot-revert d a"))
        .contains("is based on the image of disk 'vdb', which is not part of 'a'");
  }
}
