package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

class CloneXmlTest {
  private static final UUID CLONE = new UUID(1, 2);

  private static final String SOURCE =
      """
      <domain type='kvm' id='4'>
        <name>old</name>
        <uuid>00000000-0000-0000-0000-000000000009</uuid>
        <genid>00000000-0000-0000-0000-000000000008</genid>
        <metadata><mine/></metadata>
        <os><type>hvm</type><nvram template='/t.fd'>/nvram/old.fd</nvram></os>
        <devices>
          <disk type='block' device='disk'>
            <driver name='qemu' type='raw' cache='none'/>
            <source dev='/dev/vg/old'/><backingStore/><target dev='vda' bus='virtio'/>
          </disk>
          <disk type='file' device='cdrom'>
            <source file='/cd.iso'/><target dev='sda'/><readonly/>
          </disk>
          <interface type='network'>
            <mac address='52:54:00:00:00:01'/><source network='lan'/><target dev='web0'/>
          </interface>
          <interface type='user'/>
          <channel type='unix'>
            <source mode='bind' path='/run/old.agent'/>
            <target type='virtio' name='org.qemu.guest_agent.0'/>
          </channel>
        </devices>
      </domain>
      """;

  private static XmlElement cloned() throws XmlException {
    int[] next = {10};
    return CloneXml.of(
        XmlReader.read(SOURCE),
        "new",
        CLONE,
        () -> "52:54:00:00:00:" + next[0]++,
        Map.of("vda", new CloneXml.NewDisk("/pool/new.qcow2", "qcow2")));
  }

  @Test
  void whatMustNotBeThereTwiceIsNew() throws Exception {
    XmlElement domain = cloned();

    assertThat(domain.textAt("name")).isEqualTo("new");
    assertThat(domain.textAt("uuid")).isEqualTo(CLONE.toString());
    assertThat(domain.attribute("id")).isNull();
    assertThat(domain.child("genid")).isNull();
    assertThat(domain.find("devices").orElseThrow().children("interface"))
        .extracting(card -> card.attributeAt("mac", "address"))
        .containsExactly("52:54:00:00:00:10", "52:54:00:00:00:11");
    assertThat(domain.toString()).doesNotContain("web0", "/run/old.agent", "/nvram/old.fd");
  }

  @Test
  void theDiskIsTheNewOneAndAllElseStays() throws Exception {
    XmlElement domain = cloned();

    DiskEntry disk = DiskEntry.of(domain).getFirst();
    assertThat(disk.source()).isEqualTo("/pool/new.qcow2");
    assertThat(disk.format()).isEqualTo("qcow2");
    assertThat(disk.element().attribute("type")).isEqualTo("file");
    assertThat(disk.element().attributeAt("driver", "cache")).isEqualTo("none");
    assertThat(domain.attributeAt("os/nvram", "template")).isEqualTo("/t.fd");
    assertThat(domain.find("metadata/mine")).isPresent();
    assertThat(DiskEntry.of(domain).getLast().source()).isEqualTo("/cd.iso");
  }

  @Test
  void theSourceStaysAsItIs() throws Exception {
    XmlElement source = XmlReader.read(SOURCE);
    String before = source.toString();

    CloneXml.of(source, "new", CLONE, () -> "52:54:00:00:00:01", Map.of());

    assertThat(source).hasToString(before);
  }

  @Test
  void disksAreCalledAsTheMachineIs() {
    assertThat(CloneXml.volumeName("old.qcow2", "old", "new", "vda", "qcow2"))
        .isEqualTo("new.qcow2");
    assertThat(CloneXml.volumeName("disk.img", "old", "new", "vdb", "raw"))
        .isEqualTo("new-vdb.img");
    assertThat(CloneXml.volumeName("disk.img", "old", "new", "vdb", "qcow2"))
        .isEqualTo("new-vdb.qcow2");
  }

  @Test
  void onlyADiskToWriteOnIsTheMachinesOwn() throws Exception {
    assertThat(DiskEntry.of(XmlReader.read(SOURCE)))
        .extracting(DiskEntry::isOwn)
        .containsExactly(true, false);
  }
}
