package org.wardian.definition.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.Mutations;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Documents of backups are read, completed and written as libvirt does. */
class BackupDocumentTest {
  private static final String DOMAIN =
      """
      <domain type='qemu'>
        <name>d</name>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images/system.qcow2'/>
            <target dev='vda' bus='virtio'/>
          </disk>
          <disk type='block' device='disk'>
            <driver name='qemu' type='raw'/>
            <source dev='/dev/sdx'/>
            <target dev='vdb' bus='virtio'/>
          </disk>
          <disk type='file' device='cdrom'>
            <target dev='hda' bus='ide'/>
            <readonly/>
          </disk>
        </devices>
      </domain>
      """;

  private static final String PULL =
      """
      <domainbackup mode='pull'>
        <incremental>monday</incremental>
        <server transport='tcp' name='localhost' port='10809'/>
        <disks>
          <disk name='vda' backup='yes' type='file' backupmode='incremental' incremental='monday' exportname='vda' exportbitmap='backup-vda'>
            <driver type='qcow2'/>
            <scratch file='/images/system.qcow2.7'/>
          </disk>
          <disk name='vdb' backup='no'/>
          <disk name='hda' backup='no'/>
        </disks>
      </domainbackup>
      """;

  private static BackupDocument aligned(String xml) throws XmlException {
    return BackupDocument.request(xml).align(DomainDocument.read(DOMAIN), "7");
  }

  @Test
  void filesLieBesideTheImagesWhereARequestLeavesThemOpen() throws XmlException {
    assertThat(
            aligned("<domainbackup><disks><disk name='vda' type='file'/></disks></domainbackup>")
                .xml())
        .isEqualTo(
            """
            <domainbackup mode='push'>
              <disks>
                <disk name='vda' backup='yes' type='file' backupmode='full'>
                  <driver type='qcow2'/>
                  <target file='/images/system.qcow2.7'/>
                </disk>
                <disk name='vdb' backup='no'/>
                <disk name='hda' backup='no'/>
              </disks>
            </domainbackup>
            """);
  }

  @Test
  void oneThatIsFetchedHasNamesForThat() throws XmlException {
    BackupDocument pull =
        aligned(
            "<domainbackup mode='pull'><incremental>monday</incremental>"
                + "<server name='localhost' port='10809'/>"
                + "<disks><disk name='vda'/></disks></domainbackup>");
    assertThat(pull.xml()).isEqualTo(PULL);
    assertThat(BackupDocument.request(PULL).xml()).isEqualTo(PULL);
  }

  @Test
  void eachDiskMayHaveItsOwnWay() throws XmlException {
    BackupDocument push =
        aligned(
            "<domainbackup><incremental>monday</incremental><disks>"
                + "<disk name='vda' backupmode='full' type='file'><target file='/b'/>"
                + "<driver type='raw'/></disk>"
                + "<disk name='vdb' incremental='friday' type='block'><target dev='/dev/sdy'/>"
                + "</disk></disks></domainbackup>");
    assertThat(push.disks().get(0).since()).isNull();
    assertThat(push.disks().get(0).store())
        .isEqualTo(new BackupDisk.Store("file", "/b", "raw", -1));
    assertThat(push.disks().get(1).since()).isEqualTo("friday");
    assertThat(push.disks().get(1).mode()).isEqualTo(BackupDisk.INCREMENTAL);
    assertThat(push.disks().get(1).store().path()).isEqualTo("/dev/sdy");
  }

  @Test
  void whatTheDaemonKeepsIsReadAgain() throws XmlException {
    BackupDocument kept =
        BackupDocument.request(
            "<domainbackup mode='pull'><server transport='unix' socket='/s'/><disks>"
                + "<disk name='vda' index='9' type='file'><scratch file='/f'/></disk>"
                + "</disks></domainbackup>");
    assertThat(BackupDocument.of(XmlReader.read(kept.xml()))).isEqualTo(kept);
    assertThat(kept.disks().getFirst().store().index()).isEqualTo(9);
  }

  @Test
  void whatIsWrongIsNamed() {
    refused("<domainbackup/>", "refusing to generate file name for disk 'vdb'");
    refused("<domainbackup mode='pull'/>", "Invalid attribute mode");
    refused("<domainbackup mode='pull'><server/></domainbackup>", "Extra element server");
    refused("<domainbackup><server name='h'/></domainbackup>", "Extra element server");
    disk("<disk name='vdz' backup='no'/>", "no disk named 'vdz'");
    disk("<disk name='hda' type='file'/>", "disk 'hda' has no media");
    disk("<disk name='vda' backup='no'/><disk name='vda' backup='no'/>", "twice");
    disk("<disk name='vda'/>", "Extra element disks");
    disk("<disk name='vda' type='file' exportname='x'/>", "Extra element disks");
    disk("<disk name='vda' type='file'><scratch file='/f'/></disk>", "Extra element disks");
    disk("<disk name='vda' type='file'><target file='f'/></disk>", "Extra element disks");
    disk("<disk name='vda' type='network'/>", "Extra element disks");
    disk("<disk name='vda' type='file' backupmode='incremental'/>", "requires setting");
    disk("<disk name='vda' type='file'><driver type='vmdk'/></disk>", "format 'vmdk'");
    refused("<domainsnapshot/>", "expecting root element of 'domainbackup'");
  }

  private static void disk(String disks, String words) {
    refused("<domainbackup><disks>" + disks + "</disks></domainbackup>", words);
  }

  private static void refused(String xml, String words) {
    assertThatThrownBy(() -> aligned(xml))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining(words);
  }

  @Test
  void anyDocumentIsReadOrRefused() throws XmlException {
    DomainDocument domain = DomainDocument.read(DOMAIN);
    Mutations.readOrRefused(
        PULL, 9, document -> BackupDocument.request(document).align(domain, "7").xml());
  }
}
