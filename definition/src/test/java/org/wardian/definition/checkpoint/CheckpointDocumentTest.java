package org.wardian.definition.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.Mutations;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Documents of checkpoints are read, completed and written as libvirt does. */
class CheckpointDocumentTest {
  private static final long NOW = 1_700_000_000L;

  private static final String DOMAIN =
      """
      <domain type='qemu'>
        <name>d</name>
        <uuid>33333333-2222-4333-8444-555555555555</uuid>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images/system.qcow2'/>
            <target dev='vda' bus='virtio'/>
          </disk>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images/data.qcow2'/>
            <target dev='vdb' bus='virtio'/>
          </disk>
          <disk type='file' device='cdrom'>
            <target dev='sda' bus='scsi'/>
            <readonly/>
          </disk>
        </devices>
      </domain>
      """;

  private static final String WRITTEN =
      """
      <domaincheckpoint>
        <name>b</name>
        <description>words &amp; more</description>
        <parent>
          <name>a</name>
        </parent>
        <creationTime>1700000000</creationTime>
        <disks>
          <disk name='vda' checkpoint='bitmap' bitmap='b'/>
          <disk name='vdb' checkpoint='no'/>
          <disk name='sda' checkpoint='no'/>
        </disks>
      </domaincheckpoint>
      """;

  private static CheckpointDocument aligned(String xml) throws XmlException {
    return CheckpointDocument.request(xml, NOW).align(DomainDocument.read(DOMAIN));
  }

  @Test
  void oneThatNamesNoDiskNotesTheChangesOfAllThatAreWritten() throws XmlException {
    CheckpointDocument all = aligned("<domaincheckpoint/>");
    assertThat(all.name()).isEqualTo("1700000000");
    assertThat(all.xml(false, true))
        .isEqualTo(
            """
            <domaincheckpoint>
              <name>1700000000</name>
              <creationTime>1700000000</creationTime>
              <disks>
                <disk name='vda' checkpoint='bitmap' bitmap='1700000000'/>
                <disk name='vdb' checkpoint='bitmap' bitmap='1700000000'/>
                <disk name='sda' checkpoint='no'/>
              </disks>
            </domaincheckpoint>
            """);
  }

  @Test
  void oneThatNamesADiskLeavesTheOthersOut() throws XmlException {
    CheckpointDocument one =
        aligned(
            "<domaincheckpoint><name>b</name><description>words &amp; more</description>"
                + "<disks><disk name='/images/system.qcow2'/></disks></domaincheckpoint>");
    assertThat(one.withParent("a").xml(false, true)).isEqualTo(WRITTEN);
  }

  @Test
  void whatWasWrittenIsTheSameWhenItIsRead() throws XmlException {
    CheckpointDocument read = CheckpointDocument.redefinition(WRITTEN);
    assertThat(read.xml(true, true)).isEqualTo(WRITTEN);
    String full = read.of(DomainDocument.read(DOMAIN)).xml(true, true);
    CheckpointDocument again = CheckpointDocument.complete(XmlReader.read(full));
    assertThat(again.domain().name()).isEqualTo("d");
    assertThat(again.xml(true, true)).isEqualTo(full);
    assertThat(again.xml(true, false)).isEqualTo(WRITTEN);
  }

  @Test
  void theBytesThatWereChangedAreShown() throws XmlException {
    CheckpointDocument shown =
        CheckpointDocument.redefinition(WRITTEN)
            .withDisks(disk -> disk.isTracked() ? disk.withSize(131_072) : disk);
    assertThat(shown.xml(false, false))
        .contains("<disk name='vda' checkpoint='bitmap' bitmap='b' size='131072'/>");
  }

  @Test
  void whatIsWrongIsNamed() {
    refused("<disks><disk name='vdx'/></disks>", "no disk named 'vdx'");
    refused("<disks><disk name='vda'/><disk name='/images/system.qcow2'/></disks>", "twice");
    refused("<disks><disk name='sda'/></disks>", "disk 'sda' is empty or readonly");
    refused("<disks><disk/></disks>", "Extra element disks");
    refused("<disks><disk name='vda' checkpoint='no' bitmap='x'/></disks>", "Extra element disks");
    refused("<disks><disk name='vda' checkpoint='maybe'/></disks>", "Extra element disks");
    refused("<disks/>", "Extra element disks");
    refused("<name>../b</name>", "Extra element name");
    refused("<name>.b</name>", "Extra element name");
    refused("<colour/>", "Extra element colour");
    assertThatThrownBy(() ->
            CheckpointDocument.redefinition("<domaincheckpoint><name>b</name></domaincheckpoint>"))
        .hasMessage("missing creationTime from existing checkpoint");
    assertThatThrownBy(() -> CheckpointDocument.request("<domainsnapshot/>", NOW))
        .hasMessage("expecting root element of 'domaincheckpoint', not 'domainsnapshot'");
  }

  private static void refused(String content, String words) {
    assertThatThrownBy(() -> aligned("<domaincheckpoint>" + content + "</domaincheckpoint>"))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining(words);
  }

  @Test
  void anyDocumentIsReadOrRefused() throws XmlException {
    DomainDocument domain = DomainDocument.read(DOMAIN);
    String seed = WRITTEN.replace("</domaincheckpoint>", DOMAIN + "</domaincheckpoint>");
    Mutations.readOrRefused(
        seed,
        8,
        document -> {
          CheckpointDocument.request(document, NOW);
          CheckpointDocument.redefinition(document).align(domain).xml(true, true);
        });
  }
}
