package org.wardian.boot.initramfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.catalogue.Mutations;

class CpioArchiveTest {
  private static final List<CpioEntry> ENTRIES =
      List.of(
          CpioEntry.directory("dev", 0755),
          CpioEntry.characterDevice("dev/console", 0600, 5, 1),
          CpioEntry.file("odd", 0644, new byte[] {1, 2, 3}),
          CpioEntry.file("empty", 0, new byte[0]),
          CpioEntry.symbolicLink("link", "odd"),
          CpioEntry.file("tmp-ü", 04755, "content\n".getBytes(StandardCharsets.UTF_8)));

  private static byte[] bytes() {
    return CpioArchive.of(ENTRIES).toBytes();
  }

  @Test
  void writesTheFormatThatLinuxReads() {
    byte[] archive =
        CpioArchive.of(List.of(CpioEntry.file("ab", 0644, new byte[] {'x', 'y'}))).toBytes();
    String expected =
        "070701" // magic
            + "00000001" // inode
            + "000081A4" // regular file, 0644
            + "0000000000000000" // owner, group
            + "00000001" // links
            + "00000000" // time
            + "00000002" // size
            + "00000000000000000000000000000000" // devices
            + "00000003" // name with its zero byte
            + "00000000" // checksum
            + "ab\0\0\0\0" // padded to 4 with the header of 110
            + "xy\0\0";
    assertThat(new String(archive, StandardCharsets.ISO_8859_1)).startsWith(expected);
    assertThat(archive.length % 512).isZero();
    assertThat(new String(archive, StandardCharsets.ISO_8859_1)).contains("TRAILER!!!\0");
  }

  @Test
  void readsWhatItWrote() throws CpioFormatException {
    CpioArchive read = CpioArchive.read(bytes());
    assertThat(read.entries()).hasSameSizeAs(ENTRIES);
    for (int i = 0; i < ENTRIES.size(); i++) {
      CpioEntry entry = read.entries().get(i);
      CpioEntry expected = ENTRIES.get(i);
      assertThat(entry.name()).isEqualTo(expected.name());
      assertThat(entry.mode()).isEqualTo(expected.mode());
      assertThat(entry.deviceMajor()).isEqualTo(expected.deviceMajor());
      assertThat(entry.deviceMinor()).isEqualTo(expected.deviceMinor());
      assertThat(entry.content()).isEqualTo(expected.content());
    }
    assertThat(read.toBytes()).as("reproducible").isEqualTo(bytes());
    assertThat(read.find("link").orElseThrow().text()).isEqualTo("odd");
    assertThat(read.find("link").orElseThrow().kind()).isEqualTo(CpioEntry.SYMBOLIC_LINK);
    assertThat(read.find("missing")).isEmpty();
  }

  @Test
  void readsArchivesBehindOneAnother() throws CpioFormatException {
    byte[] second = CpioArchive.of(List.of(CpioEntry.file("odd", 0600, new byte[] {9}))).toBytes();
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(bytes());
    both.writeBytes(new byte[8]);
    both.writeBytes(second);
    both.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 0});
    CpioArchive read = CpioArchive.read(both.toByteArray());
    assertThat(read.entries()).hasSize(ENTRIES.size() + 1);
    assertThat(read.find("odd").orElseThrow().content()).as("the later wins").containsExactly(9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/absolute", "zero\0byte", "TRAILER!!!"})
  void refusesNamesThatCannotBeWritten(String name) {
    List<CpioEntry> entries = List.of(CpioEntry.directory(name, 0755));
    assertThatIllegalArgumentException().isThrownBy(() -> CpioArchive.of(entries));
  }

  @Test
  void refusesWhatIsNoArchive() {
    assertThat(CpioArchive.isCpio(bytes())).isTrue();
    for (byte[] data : List.of(new byte[0], new byte[200], new byte[] {0x1f, (byte) 0x8b})) {
      assertThat(CpioArchive.isCpio(data)).isFalse();
      assertThatExceptionOfType(CpioFormatException.class).isThrownBy(() -> CpioArchive.read(data));
    }
  }

  @Test
  void refusesACutOffArchiveWhereverItIsCut() {
    byte[] archive = bytes();
    int trailer = new String(archive, StandardCharsets.ISO_8859_1).indexOf("TRAILER");
    for (int length = 0; length < trailer; length++) {
      byte[] cut = Arrays.copyOf(archive, length);
      assertThatExceptionOfType(CpioFormatException.class)
          .as("cut to %d", length)
          .isThrownBy(() -> CpioArchive.read(cut));
    }
  }

  @Test
  void endsForAnyInput() {
    Mutations mutations = new Mutations(7);
    byte[] valid = bytes();
    int read = 0;
    for (int i = 0; i < Mutations.iterations(20_000); i++) {
      byte[] data = mutations.of(valid);
      try {
        for (CpioEntry entry : CpioArchive.read(data).entries()) {
          assertThat(entry.size()).isLessThanOrEqualTo(data.length);
          read++;
        }
      } catch (CpioFormatException e) {
        assertThat(e).hasMessageContaining("offset");
      }
    }
    assertThat(read).isPositive();
  }
}
