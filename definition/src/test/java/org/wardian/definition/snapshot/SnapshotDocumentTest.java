package org.wardian.definition.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.Mutations;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Documents of snapshots are read, completed and written as libvirt does. */
class SnapshotDocumentTest {
  private static final long NOW = 1_700_000_000L;

  private static final String DOMAIN =
      """
      <domain type='qemu'>
        <name>d</name>
        <uuid>33333333-2222-4333-8444-555555555555</uuid>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images.d/system.qcow2'/>
            <target dev='vda' bus='virtio'/>
          </disk>
          <disk type='file' device='cdrom'>
            <target dev='sda' bus='scsi'/>
            <readonly/>
          </disk>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images.d/data'/>
            <target dev='vdb' bus='virtio'/>
          </disk>
          <graphics type='vnc' passwd='secret'/>
        </devices>
      </domain>
      """;

  private static final String WRITTEN =
      """
      <domainsnapshot>
        <name>b</name>
        <description>words &amp; more</description>
        <state>disk-snapshot</state>
        <parent>
          <name>a</name>
        </parent>
        <creationTime>1700000000</creationTime>
        <memory snapshot='no'/>
        <disks>
          <disk name='vda' snapshot='external' type='file'>
            <driver type='qcow2'/>
            <source file='/images.d/system.b'/>
          </disk>
          <disk name='sda' snapshot='no'/>
          <disk name='vdb' snapshot='external' type='file'>
            <driver type='qcow2'/>
            <source file='/elsewhere'/>
          </disk>
        </disks>
      """;

  private static SnapshotDocument aligned(String request, SnapshotPlace usual) throws XmlException {
    return new SnapshotAlignment(
            DomainDocument.read(DOMAIN), usual, usual == SnapshotPlace.INTERNAL)
        .align(SnapshotDocument.request(request, NOW));
  }

  @Test
  void aRequestWithoutANameHasTheTimeForOne() throws XmlException {
    SnapshotDocument request = SnapshotDocument.request("<domainsnapshot/>", NOW);
    assertThat(request.name()).isEqualTo("1700000000");
    assertThat(request.created()).isEqualTo(NOW);
    assertThat(request.memory()).isNull();
  }

  @Test
  void filesOfOverlaysAreBesideTheImages() throws XmlException {
    SnapshotDocument snapshot =
        aligned(
                "<domainsnapshot><name>b</name><description>words &amp; more</description>"
                    + "<disks><disk name='/images.d/data'><source file='/elsewhere'/></disk>"
                    + "</disks></domainsnapshot>",
                SnapshotPlace.EXTERNAL)
            .taken(SnapshotState.DISK_SNAPSHOT, SnapshotPlace.NO, DomainDocument.read(DOMAIN), null)
            .withParent("a");
    assertThat(snapshot.isExternal()).isTrue();
    assertThat(snapshot.xml(false)).startsWith(WRITTEN).doesNotContain("secret");
    assertThat(snapshot.xml(true)).contains("passwd='secret'");
    String file = snapshot.file(true);
    assertThat(SnapshotDocument.isCurrent(XmlReader.read(file))).isTrue();
    assertThat(SnapshotDocument.complete(XmlReader.read(file)).file(true)).isEqualTo(file);
  }

  @Test
  void aDiskWithoutAMediumIsLeftOut() throws XmlException {
    assertThat(aligned("<domainsnapshot/>", SnapshotPlace.INTERNAL).disks())
        .extracting(SnapshotDisk::place)
        .containsExactly(SnapshotPlace.INTERNAL, SnapshotPlace.NO, SnapshotPlace.INTERNAL);
  }

  @Test
  void whatIsWrongIsNamed() {
    refused("<disk/>", "missing name from disk snapshot element");
    refused("<disk name='vdx'/>", "no disk named 'vdx'");
    refused("<disk name='vda'/><disk name='/images.d/system.qcow2'/>", "'vda' specified twice");
    refused(
        "<disk name='vda' snapshot='maybe'/>",
        "Invalid value for attribute 'snapshot' in element 'disk': 'maybe'.");
    refused(
        "<disk name='vda' snapshot='internal'><source file='/f'/></disk>",
        "requires use of external snapshot mode");
    refused("<disk name='vda' snapshot='no'/>", "disk 'vda' must use snapshot mode 'internal'");
  }

  private static void refused(String disks, String words) {
    assertThatThrownBy(() ->
            aligned(
                "<domainsnapshot><disks>" + disks + "</disks></domainsnapshot>",
                SnapshotPlace.INTERNAL))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining(words);
  }

  @Test
  void anyDocumentIsReadOrRefused() {
    String seed = WRITTEN + DOMAIN + "<active>1</active></domainsnapshot>";
    Mutations.readOrRefused(
        seed,
        7,
        document ->
            new SnapshotAlignment(DomainDocument.read(DOMAIN), SnapshotPlace.EXTERNAL, false)
                .align(SnapshotDocument.complete(XmlReader.read(document))));
  }
}
