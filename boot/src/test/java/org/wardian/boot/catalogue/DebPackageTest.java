package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class DebPackageTest {
  private static final Pattern KERNEL = Pattern.compile("boot/vmlinuz-[^/]+");
  private static final byte[] CONTENT = "a kernel".repeat(400).getBytes(StandardCharsets.US_ASCII);

  private static TestDeb deb() {
    return new TestDeb()
        .link("./boot/vmlinuz-link", "/etc/shadow")
        .file("./boot/config-6.1.0", new byte[700])
        .file("./boot/vmlinuz-6.1.0", CONTENT)
        .file("./boot/vmlinuz-later", new byte[3]);
  }

  private static DebPackage.Member extract(byte[] deb, int maxBytes) throws CatalogueException {
    return DebPackage.extract(new ByteArrayInputStream(deb), "test.deb", KERNEL, maxBytes);
  }

  private static void assertRefused(byte[] deb, Kind kind, String message) {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> extract(deb, 1 << 20))
        .withMessageContaining("test.deb")
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @ParameterizedTest
  @ValueSource(strings = {"data.tar.xz", "data.tar.gz", "data.tar"})
  void findsTheFirstRegularFileOfThatName(String dataName) throws CatalogueException {
    DebPackage.Member member = extract(deb().build(dataName), 1 << 20);
    assertThat(member.path()).isEqualTo("boot/vmlinuz-6.1.0");
    assertThat(member.content()).isEqualTo(CONTENT);
  }

  @Test
  void saysWhatItCannotUnpack() {
    byte[] deb = deb().build("data.tar.zst");
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> extract(deb, 1 << 20))
        .withMessageContaining("only .xz and .gz are read");
  }

  @Test
  void refusesWhatIsNoPackage() {
    assertRefused(new byte[0], Kind.MALFORMED, "no Debian package");
    assertRefused(
        "<html>".getBytes(StandardCharsets.US_ASCII), Kind.MALFORMED, "no Debian package");
    byte[] deb = deb().build("data.tar.xz");
    assertRefused(java.util.Arrays.copyOf(deb, deb.length / 2), Kind.MALFORMED, "");
    assertRefused(new TestDeb().build("data.tar.xz"), Kind.NOT_FOUND, "has no file");
    assertRefused(deb().build("other.tar.xz"), Kind.MALFORMED, "it has no data.tar");
  }

  @Test
  void refusesAFileOverTheLimit() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> extract(deb().build("data.tar.xz"), CONTENT.length - 1))
        .withMessageContaining("boot/vmlinuz-6.1.0 has 3200 bytes, over 3199");
  }

  @ParameterizedTest
  @ValueSource(strings = {"data.tar.xz", "data.tar.gz", "data.tar"})
  void endsForAnyInput(String dataName) {
    Mutations mutations = new Mutations(5);
    byte[] valid = deb().build(dataName);
    for (int i = 0; i < Mutations.iterations(2_000); i++) {
      try {
        assertThat(extract(mutations.of(valid), 1 << 20).content()).isNotNull();
      } catch (CatalogueException e) {
        assertThat(e.kind()).isIn(Kind.MALFORMED, Kind.NOT_FOUND);
      }
    }
  }
}
