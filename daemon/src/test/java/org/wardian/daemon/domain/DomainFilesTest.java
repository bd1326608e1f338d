package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.Folders;
import org.wardian.definition.domain.DomainDocument;

/** What is kept of a domain in files. */
class DomainFilesTest {
  private static final String LIVE =
      """
      <domain type='qemu' id='1'>
        <name>d</name>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/images/old.qcow2' index='1'/>
            <target dev='vda' bus='virtio'/>
            <alias name='virtio-disk0'/>
          </disk>
          <interface type='network'>
            <mac address='52:54:00:00:00:01'/>
            <alias name='net0'/>
            <wardian:plug kind='switch' name='/run/switch'/>
          </interface>
        </devices>
      </domain>
      """;

  @TempDir private Path folder;

  @Test
  void aProcessThatIsMadeAnewHasTheImagesThatJobsGaveItsDisks() throws Exception {
    DomainFiles files = new DomainFiles(Folders.under(folder, true));
    files.writeLive(folder, DomainDocument.read(LIVE));
    String changed =
        LIVE.replaceAll("(?s)<wardian.*/run/switch'/>", "")
            .replace(
                "<source file='/images/old.qcow2' index='1'/>",
                "<source file='/images/new.qcow2' index='4'/>"
                    + "<mirror type='file' job='copy'><source file='/m'/></mirror>");
    files.refreshDisks(folder, DomainDocument.read(changed));
    String own = Files.readString(Machine.definition(folder));
    assertThat(own)
        .contains("<source file='/images/new.qcow2' index='4'/>", "<wardian:plug")
        .doesNotContain("old.qcow2", "<mirror");
  }
}
