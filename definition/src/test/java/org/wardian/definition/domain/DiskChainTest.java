package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.Mutations;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** What block jobs do to the images that a document says for a disk. */
class DiskChainTest {
  private static final String DISK =
      """
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2'/>
        <source file='/i/top' index='3'/>
        <backingStore type='file' index='4'>
          <format type='qcow2'/>
          <source file='/i/mid'/>
          <backingStore type='file' index='5'>
            <format type='raw'/>
            <source file='/i/base'/>
            <backingStore/>
          </backingStore>
        </backingStore>
        <target dev='vda' bus='virtio'/>
      </disk>
      """;

  private Disk disk;
  private DiskChain chain;

  @BeforeEach
  void read() throws XmlException {
    disk = (Disk) DomainDocument.view(XmlReader.read(DISK));
    chain = DiskChain.of(disk);
  }

  @Test
  void itIsWrittenAsItWasRead() {
    assertThat(chain.images())
        .extracting(image -> image.path().orElseThrow())
        .containsExactly("/i/top", "/i/mid", "/i/base");
    assertThat(chain.isEnded()).isTrue();
    chain.writeTo(disk);
    assertThat(disk.element().toString()).isEqualTo(DISK);
  }

  @Test
  void imagesAreFoundByNumberAndPath() {
    assertThat(chain.indexOf(4)).isEqualTo(1);
    assertThat(chain.indexOf(9)).isEqualTo(-1);
    assertThat(chain.indexOf("/i/base", 1)).isEqualTo(2);
    assertThat(chain.indexOf("/i/top", 1)).isEqualTo(-1);
  }

  @Test
  void aCommitTakesImagesOut() {
    chain.without(1, 2).writeTo(disk);
    assertThat(disk.element().toString())
        .contains("<backingStore type='file' index='5'>")
        .doesNotContain("/i/mid");
    assertThat(DiskChain.of(disk).images()).hasSize(2);
  }

  @Test
  void aPullLeavesOne() {
    chain.first(1).writeTo(disk);
    assertThat(disk.element().toString())
        .isEqualTo(
            """
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='/i/top' index='3'/>
              <backingStore/>
              <target dev='vda' bus='virtio'/>
            </disk>
            """);
  }

  @Test
  void aPivotMakesAnotherImageTheDisksOwn() {
    chain.from(2).writeTo(disk);
    assertThat(disk.format()).isEqualTo("raw");
    assertThat(disk.source().path()).contains("/i/base");
    chain.from(2).settled().writeTo(disk);
    assertThat(disk.source().index()).isEmpty();
  }

  @Test
  void aCopyIsSaidWhileItIsMade() {
    DiskChain copy =
        new DiskChain(
            List.of(DiskChain.Image.file("/i/copy", "qcow2").withIndex(OptionalInt.of(7))), true);
    disk.element().add(copy.mirror("copy", true));
    chain.writeTo(disk);
    assertThat(disk.element().toString())
        .contains(
            """
              <mirror type='file' file='/i/copy' format='qcow2' job='copy'>
                <format type='qcow2'/>
                <source file='/i/copy' index='7'/>
                <backingStore/>
              </mirror>
            """);
    assertThat(DiskChain.ofMirror(disk.element().child("mirror")).images().getFirst().index())
        .hasValue(7);
    assertThat(chain.from(1).mirror("active-commit", false).toString())
        .isEqualTo(
            """
            <mirror type='file' job='active-commit'>
              <format type='qcow2'/>
              <source file='/i/mid' index='4'/>
            </mirror>
            """);
  }

  @Test
  void anyChainIsReadAndWritten() {
    int[] written = {0};
    Mutations.readOrRefused(
        DISK,
        10,
        document -> {
          Disk any = (Disk) DomainDocument.view(new XmlElement("disk"));
          any.element().replaceChildren(XmlReader.read(document).children());
          DiskChain found = DiskChain.of(any);
          if (!found.images().isEmpty()) {
            found.writeTo(any);
            assertThat(DiskChain.of(any).images()).hasSameSizeAs(found.images());
            written[0]++;
          }
        });
    assertThat(written[0]).isPositive();
  }
}
