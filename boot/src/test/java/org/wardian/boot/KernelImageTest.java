package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelImageTest {

  @TempDir Path folder;

  @Test
  void readsElf64WithPvhNote() throws Exception {
    KernelImage image = KernelImage.parse(TestImages.Elf.linux64().build());
    assertThat(image).isInstanceOf(ElfKernel.class);
    ElfImage elf = ((ElfKernel) image).elf();
    assertThat(elf.is64()).isTrue();
    assertThat(elf.entry()).isEqualTo(TestImages.LOAD);
    assertThat(elf.pvhEntry()).hasValue(TestImages.LOAD + TestImages.PVH_OFFSET);
    assertThat(elf.highHalf()).isTrue();
    assertThat(elf.segments())
        .containsExactly(
            new LoadSegment(
                64 + 112,
                TestImages.TEXT_SIZE,
                TestImages.LOAD,
                TestImages.TEXT_SIZE + TestImages.BSS_SIZE));
  }

  @Test
  void readsElf32WithPvhNote() throws Exception {
    ElfImage elf = ElfImage.parse(TestImages.Elf.linux32().build());
    assertThat(elf.is64()).isFalse();
    assertThat(elf.machine()).isEqualTo(ElfImage.EM_386);
    assertThat(elf.pvhEntry()).hasValue(TestImages.LOAD + TestImages.PVH_OFFSET);
    assertThat(elf.highHalf()).isTrue();
  }

  @Test
  void takesVmlinuxWithoutPvhNote() throws Exception {
    byte[] file = TestImages.Elf.linux64().withoutPvh().build();
    assertThat(KernelImage.parse(file)).isInstanceOf(ElfKernel.class);
  }

  @Test
  void readsMultibootElf() throws Exception {
    byte[] file =
        TestImages.Elf.linux32().withoutPvh().flat().withText(TestImages.multibootText()).build();
    KernelImage image = KernelImage.parse(file);
    assertThat(image).isInstanceOf(ElfKernel.class);
    assertThat(((ElfKernel) image).multiboot()).isPresent();
    assertThat(image.description()).endsWith("multiboot");
  }

  @Test
  void readsFlatMultiboot() throws Exception {
    KernelImage image = KernelImage.parse(TestImages.flatMultiboot());
    assertThat(image).isInstanceOf(MultibootKernel.class);
    assertThat(((MultibootKernel) image).segments())
        .containsExactly(new LoadSegment(0, 0x100, TestImages.LOAD, 0x1000));
  }

  @Test
  void readsBzImage() throws Exception {
    byte[] elf = TestImages.Elf.linux64().build();
    KernelImage image = KernelImage.parse(TestImages.bzImage(gzip(elf)));
    assertThat(image.description())
        .isEqualTo("bzImage 6.1.0-test, boot protocol 2.15, gzip payload");
    BzImage bzImage = (BzImage) image;
    assertThat(bzImage.has64BitEntry()).isTrue();
    assertThat(bzImage.unpack(1 << 20).entry()).isEqualTo(TestImages.LOAD);
  }

  @Test
  void unpacksNoMoreThanTheLimit() throws Exception {
    byte[] elf = TestImages.Elf.linux64().build();
    BzImage image = (BzImage) KernelImage.parse(TestImages.bzImage(gzip(elf)));
    assertThatThrownBy(() -> image.unpack(elf.length - 1))
        .isInstanceOf(KernelFormatException.class)
        .hasMessageContaining("gzip payload")
        .hasMessageContaining("more than the");
  }

  @Test
  void refusesPayloadThatIsNotElf() throws Exception {
    BzImage image =
        (BzImage)
            KernelImage.parse(
                TestImages.bzImage(gzip("no kernel".getBytes(StandardCharsets.UTF_8))));
    assertThatThrownBy(() -> image.unpack(1 << 20)).hasMessageContaining("payload is not ELF");
  }

  @Test
  void refusesTruncatedBzImage() throws Exception {
    byte[] file = TestImages.bzImage(gzip(TestImages.Elf.linux64().build()));
    for (int length : new int[] {0x210, 600, 1024, file.length - 100}) {
      assertThatThrownBy(() -> KernelImage.parse(Arrays.copyOf(file, length)))
          .isInstanceOf(KernelFormatException.class)
          .hasMessageContaining("truncated");
    }
  }

  @Test
  void refusesOldBootProtocol() throws Exception {
    byte[] file = TestImages.bzImage(gzip(TestImages.Elf.linux64().build()));
    LittleEndian.put16(file, 0x206, 0x205);
    assertThatThrownBy(() -> KernelImage.parse(file)).hasMessageContaining("2.05, older than 2.06");
  }

  @ParameterizedTest
  @CsvSource({"183, arm64", "243, RISC-V", "40, 32-bit ARM", "999, machine number 999"})
  void namesForeignMachines(int machine, String name) {
    byte[] file = TestImages.Elf.linux64().withMachine(machine).build();
    assertThatThrownBy(() -> KernelImage.parse(file)).hasMessageContaining(name);
  }

  @Test
  void refusesPrograms() {
    byte[] program = TestImages.Elf.linux64().withoutPvh().flat().build();
    assertThatThrownBy(() -> KernelImage.parse(program)).hasMessageContaining("an ELF program");
    byte[] module = TestImages.Elf.linux64().withType(1).build();
    assertThatThrownBy(() -> KernelImage.parse(module)).hasMessageContaining("kernel module");
  }

  @Test
  void refusesOverlappingSegments() {
    byte[] file = TestImages.Elf.linux64().build();
    // Makes the note segment a second one to load, at the same address.
    LittleEndian.put32(file, 64 + 56, 1);
    assertThatThrownBy(() -> KernelImage.parse(file)).hasMessageContaining("overlap at 0x200000");
  }

  @Test
  void refusesTruncatedElf() {
    byte[] file = TestImages.Elf.linux64().build();
    for (int length : new int[] {5, 0x33, 0x3f, 100, 200, file.length - 1}) {
      assertThatThrownBy(() -> KernelImage.parse(Arrays.copyOf(file, length)))
          .isInstanceOf(KernelFormatException.class)
          .hasMessageContaining("truncated");
    }
  }

  @Test
  void refusesUnknownMultibootRequirements() {
    byte[] file = TestImages.flatMultiboot();
    TestImages.multibootHeader(file, 0x20, 0x10100);
    assertThatThrownBy(() -> KernelImage.parse(file)).hasMessageContaining("0x100");
  }

  @Test
  void ignoresMultibootMagicWithWrongChecksum() {
    byte[] file = TestImages.flatMultiboot();
    file[0x28]++;
    assertThatThrownBy(() -> KernelImage.parse(file)).hasMessageContaining("no known kernel");
  }

  @Test
  void readsFilesAndNamesThem() throws IOException {
    Path kernel = folder.resolve("vmlinuz");
    assertThatThrownBy(() -> KernelImage.read(kernel))
        .isInstanceOf(KernelFormatException.class)
        .hasMessage("kernel " + kernel + ": no such file");
    Files.createFile(kernel);
    assertThatThrownBy(() -> KernelImage.read(kernel)).hasMessageContaining("empty file");
    assertThatThrownBy(() -> KernelImage.read(folder)).hasMessageContaining("a directory");
    Files.writeString(kernel, "hello\n", StandardCharsets.UTF_8);
    assertThatThrownBy(() -> KernelImage.read(kernel))
        .hasMessageContaining(kernel.toString())
        .hasMessageContaining("text file");
  }

  static byte[] gzip(byte[] data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(data);
    }
    return out.toByteArray();
  }
}
