package org.wardian.daemon.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.wardian.daemon.FamilyServer;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.Domains;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.daemon.storage.Virsh;
import org.wardian.libvirt.server.Events;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageSnapshots;
import org.wardian.storage.qcow2.Snapshot;

/** Snapshots of a stopped domain as virsh handles them. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class SnapshotVirshTest {
  @TempDir private Path folder;
  private Path image;
  private Domains domains;
  private FamilyServer server;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    image = folder.resolve("disk.qcow2");
    Images.create(image, CreateOptions.qcow2(1 << 20));
    serve();
    virsh.printed("define " + document());
  }

  private String document() throws IOException {
    return Files.writeString(
            folder.resolve("domain.xml"),
            """
            <domain type='qemu'>
              <name>still</name>
              <memory unit='MiB'>64</memory>
              <os><type arch='x86_64'>hvm</type></os>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='qcow2'/>
                  <source file='%s'/>
                  <target dev='vda' bus='virtio'/>
                </disk>
              </devices>
            </domain>
            """
                .formatted(image))
        .toString();
  }

  private void serve() throws IOException {
    Folders folders = Folders.under(folder, true);
    Events events = new Events();
    domains = new Domains(folders, events, new MachineLauncher(List.of("false"), "/usr/bin/ward"));
    Snapshots snapshots = new Snapshots(folders, domains);
    domains.load();
    snapshots.load();
    server = new FamilyServer(folder.resolve("socket"), events, List.of(domains, snapshots));
    virsh = new Virsh(server.uri());
  }

  @AfterEach
  void stop() {
    server.close();
    domains.close();
  }

  private List<String> kept() throws IOException {
    return ImageSnapshots.list(image, OpenOptions.readOnly()).stream().map(Snapshot::name).toList();
  }

  @Test
  void theyAreTakenGoneBackToAndDeletedWithTheirDisks() throws Exception {
    virsh.printed("snapshot-create-as still one words");
    virsh.printed("snapshot-create-as still second");
    virsh.printed("snapshot-revert still one");
    virsh.printed("snapshot-create-as still third");
    assertThat(kept()).containsExactly("one", "second", "third");
    assertThat(virsh.printed("snapshot-list still --tree").split("\\s*\n\\s*"))
        .containsExactly("one", "|", "+- second", "+- third");
    assertThat(virsh.printed("snapshot-parent still third")).isEqualTo("one");
    virsh.printed("snapshot-delete still third");
    assertThat(virsh.printed("snapshot-current still --name")).isEqualTo("one");
    assertThat(virsh.refused("undefine still")).contains("inactive domain with 2 snapshots");
    virsh.printed("snapshot-delete still one --children");
    assertThat(kept()).isEmpty();
    virsh.printed("undefine still");
  }

  @Test
  void theNextDaemonKnowsThem() throws Exception {
    virsh.printed("snapshot-create-as still one");
    virsh.printed("snapshot-create-as still two");
    String document = virsh.printed("snapshot-dumpxml still two");
    stop();
    serve();
    assertThat(virsh.printed("snapshot-dumpxml still two")).isEqualTo(document);
    assertThat(virsh.printed("snapshot-current still --name")).isEqualTo("two");
    virsh.printed("undefine still --snapshots-metadata");
    assertThat(folder.resolve("lib/qemu/snapshot/still")).doesNotExist();
    assertThat(kept()).containsExactly("one", "two");
  }

  @Test
  void thoseThatFollowARenameAreKeptUnderTheNewName() throws Exception {
    virsh.printed("snapshot-create-as still one");
    assertThat(virsh.refused("domrename still moved"))
        .contains("cannot rename domain with snapshots");
    virsh.printed("snapshot-delete still one");
    virsh.printed("domrename still moved");
    virsh.printed("snapshot-create-as moved two");
    assertThat(folder.resolve("lib/qemu/snapshot/still")).doesNotExist();
    stop();
    serve();
    assertThat(virsh.printed("snapshot-current moved --name")).isEqualTo("two");
  }

  @Test
  void whatWasForgottenIsTakenUpAgain() throws Exception {
    virsh.printed("snapshot-create-as still one");
    Path document =
        Files.writeString(folder.resolve("one.xml"), virsh.printed("snapshot-dumpxml still one"));
    virsh.printed("snapshot-delete still one --metadata");
    assertThat(virsh.refused("snapshot-revert still one"))
        .contains("no domain snapshot with matching name 'one'");
    virsh.printed("snapshot-create still " + document + " --redefine --current");
    virsh.printed("snapshot-revert still one");
  }

  @Test
  void anOverlayIsTheDisksFileFromThenOn() throws Exception {
    virsh.printed("snapshot-create-as still over --disk-only");
    assertThat(virsh.printed("domblklist still")).endsWith(folder.resolve("disk.over").toString());
    assertThat(folder.resolve("disk.over")).exists();
    virsh.printed("snapshot-revert still over");
    assertThat(virsh.printed("domblklist still"))
        .containsPattern(folder.resolve("disk") + "\\.\\d+$");
    assertThat(folder.resolve("disk.over")).exists();
  }

  /** As it is where a daemon was killed at each point of a snapshot's making and deletion. */
  @Test
  void whatWasNotFinishedIsNotThere() throws Exception {
    virsh.printed("snapshot-create-as still whole");
    virsh.printed("snapshot-create-as still lost");
    Path known = folder.resolve("lib/qemu/snapshot/still");
    Path journal = Files.createDirectories(folder.resolve("lib/qemu/snapshot-unfinished/still"));
    String whole = Files.readString(known.resolve("whole.xml"));
    stop();
    // In the image and nowhere else; in both; in a file and no longer in the image.
    ImageSnapshots.create(image, OpenOptions.readWrite(), "half");
    entry(journal, "half", "create", whole.replace(">whole<", ">half<"));
    entry(journal, "whole", "create", whole);
    ImageSnapshots.delete(image, OpenOptions.readWrite(), "lost");
    entry(journal, "lost", "delete", Files.readString(known.resolve("lost.xml")));
    // Nobody's business of ours.
    ImageSnapshots.create(image, OpenOptions.readWrite(), "own");
    serve();
    assertThat(virsh.printed("snapshot-list still --name")).isEqualTo("whole");
    assertThat(kept()).containsExactly("whole", "own");
    assertThat(journal).isEmptyDirectory();
    assertThat(known).isDirectoryContaining(file -> file.endsWith("whole.xml"));
    assertThat(known.resolve("lost.xml")).doesNotExist();
  }

  private static void entry(Path journal, String name, String deed, String document)
      throws IOException {
    Files.writeString(
        journal.resolve(name + ".xml"),
        "<unfinished deed='" + deed + "'>" + document + "</unfinished>");
  }
}
