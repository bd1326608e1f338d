package org.wardian.process.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A disk that is a volume of a pool: whoever starts the machine says which file or device it is.
 */
class VolumeDiskTest {
  private static Disk disk(String source) throws XmlException {
    return (Disk)
        DomainDocument.view(
            XmlReader.read(
                "<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source "
                    + source
                    + "/><target dev='vda' bus='virtio'/></disk>"));
  }

  @Test
  void theMachineOpensWhatTheDaemonHasFound() throws Exception {
    Disk disk = disk("pool='l1' volume='one' file='/dev/vg/one'");
    assertThat(DiskWords.medium(disk).orElseThrow().image()).isEqualTo(Path.of("/dev/vg/one"));
  }

  @Test
  void aPoolThatNobodyLookedIntoIsRefused() throws Exception {
    Disk disk = disk("pool='l1' volume='one'");
    assertThatThrownBy(() -> DiskWords.medium(disk)).hasMessageContaining("images of type volume");
  }
}
