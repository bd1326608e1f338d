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
import org.wardian.daemon.storage.Virsh;

/** Checkpoints and backups as virsh begins, looks at and ends them. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class BackupVirshTest {
  @TempDir private Path folder;
  private BlockJobHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new BlockJobHost(folder);
    virsh = host.virsh();
    virsh.printed("start d --paused");
  }

  @AfterEach
  void stop() throws Exception {
    host.end();
  }

  /** Has QEMU write to the disk as its guest would. */
  private void write(int pattern, String offset, String length) throws Exception {
    virsh.printed(
        "qemu-monitor-command d --hmp 'qemu-io -d"
            + " /machine/peripheral/virtio-disk0/virtio-backend \"write -P %d %s %s\"'"
                .formatted(pattern, offset, length));
  }

  private String file(String name, String text) throws Exception {
    return Files.writeString(host.path(name), text).toString();
  }

  private void awaitEnd() throws Exception {
    while (!virsh.printed("domjobinfo d").contains("None")) {
      Thread.sleep(50);
    }
  }

  private static String read(Path image, int pattern, String offset, String length)
      throws Exception {
    return Virsh.run(
            List.of(
                "/usr/bin/qemu-io",
                "-r",
                "-U",
                "-c",
                "read -P %d %s %s".formatted(pattern, offset, length),
                image.toString()))
        .text();
  }

  @Test
  void checkpointsComeOneAfterTheOther() throws Exception {
    virsh.printed("checkpoint-create-as d one words");
    virsh.printed("checkpoint-create-as d two");
    virsh.printed("checkpoint-create-as d three --diskspec vda,checkpoint=no");
    assertThat(virsh.printed("checkpoint-list d --tree").split("[\\s|+-]+"))
        .containsExactly("one", "two", "three");
    assertThat(virsh.printed("checkpoint-list d --leaves --name")).isEqualTo("three");
    assertThat(virsh.printed("checkpoint-list d --roots --name")).isEqualTo("one");
    assertThat(virsh.printed("checkpoint-parent d two")).isEqualTo("one");
    assertThat(virsh.refused("checkpoint-create-as d one")).contains("moment one already exists");
    assertThat(virsh.refused("checkpoint-parent d one")).contains("has no parent");
    write(9, "4M", "128k");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("<description>words</description>", "bitmap='one' size='131072'/>");
    virsh.printed("checkpoint-delete d two");
    assertThat(virsh.printed("checkpoint-list d --from one --name")).isEqualTo("three");
    virsh.printed("checkpoint-delete d one --children");
    assertThat(virsh.printed("checkpoint-list d --name")).isEmpty();
  }

  @Test
  void theNextDaemonKnowsThem() throws Exception {
    virsh.printed("checkpoint-create-as d one");
    virsh.printed("checkpoint-create-as d two");
    assertThat(host.path("lib/qemu/checkpoint/d/two.xml")).exists();
    host.restart(() -> {});
    virsh = host.virsh();
    assertThat(virsh.printed("checkpoint-list d --tree").split("[\\s|+-]+"))
        .containsExactly("one", "two");
    virsh.printed("checkpoint-create-as d three");
    assertThat(virsh.printed("checkpoint-parent d three")).isEqualTo("two");
    virsh.printed("destroy d");
    assertThat(virsh.refused("checkpoint-delete d one"))
        .contains("cannot delete checkpoint for inactive domain");
    assertThat(virsh.refused("undefine d"))
        .contains("cannot delete inactive domain with 3 checkpoints");
    virsh.printed("domrename d e");
    assertThat(host.path("lib/qemu/checkpoint/e/two.xml")).exists();
    virsh.printed("domrename e d");
    virsh.printed("undefine d --checkpoints-metadata");
    assertThat(host.path("lib/qemu/checkpoint/d")).doesNotExist();
  }

  @Test
  void whatWasForgottenIsTakenUpAgain() throws Exception {
    virsh.printed("checkpoint-create-as d one");
    virsh.printed("checkpoint-create-as d two");
    String two = file("two.xml", virsh.printed("checkpoint-dumpxml d two"));
    virsh.printed("checkpoint-delete d two --metadata");
    virsh.printed("checkpoint-create d " + two + " --redefine --redefine-validate");
    assertThat(virsh.printed("checkpoint-parent d two")).isEqualTo("one");
    String other =
        file("other.xml", Files.readString(Path.of(two)).replace("<name>two", "<name>x"));
    assertThat(virsh.refused("checkpoint-create d " + other + " --redefine --redefine-validate"))
        .contains("missing or broken bitmap 'x' for disk 'vda'");
    virsh.printed("checkpoint-delete d one --metadata");
    assertThat(virsh.refused("checkpoint-create d " + two + " --redefine"))
        .contains("parent one for moment two not found");
  }

  @Test
  void bitmapsGoWithTheirDisk() throws Exception {
    virsh.printed("checkpoint-create-as d one");
    write(1, "1M", "64k");
    virsh.printed("snapshot-create-as d s --disk-only --no-metadata");
    write(2, "2M", "64k");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("size='131072'");
    virsh.printed("blockcommit d vda --active --shallow --wait --pivot");
    write(3, "3M", "64k");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("size='196608'");
    virsh.printed("blockcopy d vda " + host.path("copy") + " --transient-job --wait --pivot");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("size='196608'");
  }

  @Test
  void anImageBeneathTakesTheBitmapsOfThoseThatArePutIntoIt() throws Exception {
    virsh.printed("checkpoint-create-as d one");
    write(1, "1M", "64k");
    virsh.printed("snapshot-create-as d s --disk-only");
    virsh.printed("checkpoint-create-as d two");
    write(2, "2M", "64k");
    virsh.printed("snapshot-create-as d t --disk-only");
    write(3, "3M", "64k");
    virsh.printed("snapshot-delete d s");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("size='196608'");
    assertThat(virsh.printed("checkpoint-dumpxml d two --no-domain --size"))
        .contains("size='131072'");
    virsh.printed(
        "blockcommit d vda --top %s --base %s --wait"
            .formatted(host.path("top"), host.path("mid")));
    virsh.printed("blockcommit d vda --active --shallow --wait --pivot");
    assertThat(virsh.printed("checkpoint-dumpxml d one --no-domain --size"))
        .contains("size='196608'");
    assertThat(virsh.printed("checkpoint-dumpxml d two --no-domain --size"))
        .contains("size='131072'");
    // Its document names an image that is not beneath any more, as libvirt's would.
    assertThat(virsh.refused("snapshot-delete d t")).contains("could not find base disk source");
    virsh.printed("checkpoint-delete d two");
  }

  @Test
  void theMachineWritesABackupAndThenWhatChanged() throws Exception {
    write(1, "0", "1M");
    String full =
        file(
            "full.xml",
            "<domainbackup><disks><disk name='vda' type='file'><target file='%s'/></disk></disks>"
                    .formatted(host.path("full"))
                + "</domainbackup>");
    String first = file("first.xml", "<domaincheckpoint><name>first</name></domaincheckpoint>");
    virsh.printed("backup-begin d " + full + " " + first);
    awaitEnd();
    assertThat(virsh.printed("domjobinfo d --completed --keep-completed"))
        .contains("Completed", "Backup", "File total:       64.000 MiB");
    assertThat(virsh.printed("domjobinfo d --completed --rawstats"))
        .contains("operation: 9", "disk_total: 67108864", "success: 1");
    assertThat(virsh.printed("domjobinfo d --completed")).contains("None");
    assertThat(virsh.printed("checkpoint-list d --name")).isEqualTo("first");
    assertThat(read(host.path("full"), 1, "0", "1M")).doesNotContain("failed");
    write(2, "512k", "64k");
    String changed =
        file(
            "changed.xml",
            "<domainbackup><incremental>first</incremental><disks><disk name='vda' type='file'>"
                + "<target file='%s'/></disk></disks></domainbackup>"
                    .formatted(host.path("changed")));
    virsh.printed("backup-begin d " + changed);
    awaitEnd();
    assertThat(read(host.path("changed"), 2, "512k", "64k")).doesNotContain("failed");
    assertThat(
            Virsh.run(List.of("/usr/bin/qemu-img", "map", "-U", host.path("changed").toString()))
                .text())
        .contains("0x80000         0x10000 ")
        .hasLineCount(2);
    assertThat(virsh.refused("backup-begin d " + full)).contains("for backup of 'vda' exists");
  }

  @Test
  @Tag("slow")
  void aClientFetchesABackup() throws Exception {
    write(1, "0", "1M");
    virsh.printed("checkpoint-create-as d first");
    write(2, "512k", "64k");
    Path socket = host.path("nbd");
    String pull =
        file(
            "pull.xml",
            "<domainbackup mode='pull'><incremental>first</incremental>"
                + "<server transport='unix' socket='%s'/></domainbackup>".formatted(socket));
    virsh.printed("backup-begin d " + pull);
    assertThat(virsh.printed("backup-dumpxml d"))
        .contains("exportname='vda' exportbitmap='backup-vda'", "<scratch file=");
    write(3, "0", "64k");
    assertThat(
            Virsh.run(
                    List.of(
                        "/usr/bin/qemu-io",
                        "-r",
                        "-f",
                        "raw",
                        "-c",
                        "read -P 1 0 512k",
                        "nbd+unix:///vda?socket=" + socket))
                .text())
        .doesNotContain("failed");
    assertThat(virsh.refused("detach-disk d vda")).contains("already in active block job");
    assertThat(virsh.printed("domjobinfo d")).contains("Unbounded", "Backup");
    host.restart(() -> {});
    virsh = host.virsh();
    assertThat(virsh.printed("blockjob d vda")).contains("Backup");
    virsh.printed("domjobabort d");
    awaitEnd();
    assertThat(virsh.refused("backup-dumpxml d")).contains("no domain backup job present");
    assertThat(virsh.printed("domjobinfo d --completed"))
        .contains("Temporary disk space total: 64.000 MiB", "Operation canceled");
    try (var left = Files.list(folder)) {
      assertThat(left.map(one -> one.getFileName().toString()))
          .noneMatch(name -> name.startsWith("top."));
    }
  }

  @Test
  void whatCannotBeIsNamed() throws Exception {
    assertThat(virsh.refused("backup-dumpxml d")).contains("no domain backup job present");
    assertThat(virsh.refused("domjobabort d")).contains("no job is active on the domain");
    for (String[] one :
        new String[][] {
          {"<domainbackup mode='pull'/>", "failed to validate against schema"},
          {
            "<domainbackup mode='pull'><server name='localhost'/></domainbackup>",
            "<domainbackup> must specify TCP port for now"
          },
          {
            "<domainbackup><incremental>no</incremental></domainbackup>",
            "Checkpoint 'no' for incremental backup of disk 'vda' not found"
          },
          {
            "<domainbackup><disks><disk name='vda' backup='no'/></disks></domainbackup>",
            "no disks selected for backup"
          },
          {"<domainbackup", "(domain_backup)"},
        }) {
      assertThat(virsh.refused("backup-begin d " + file("no.xml", one[0])))
          .as(one[0])
          .contains(one[1]);
    }
    virsh.printed("destroy d");
    assertThat(virsh.refused("backup-begin d"))
        .contains("cannot perform disk backup for inactive domain");
    assertThat(virsh.refused("checkpoint-create-as d one"))
        .contains("cannot create checkpoint for inactive domain");
    assertThat(virsh.refused("checkpoint-dumpxml d one"))
        .contains("no domain checkpoint with matching name 'one'");
  }
}
