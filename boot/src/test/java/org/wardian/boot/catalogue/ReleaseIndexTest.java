package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class ReleaseIndexTest {
  private static final String HASH = "ab".repeat(32);
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final String TEXT =
      """
      Origin: Debian
      Suite: oldstable-security
      Codename: bookworm-security
      Date: Fri, 20 Nov 2026 00:12:41 UTC
      Valid-Until: Fri, 27 Nov 2026 00:12:41 UTC
      Acquire-By-Hash: yes
      SHA256:
       %s      120 main/binary-amd64/Packages
       %s 7 main/binary-amd64/Packages.xz
      """
          .formatted(HASH, HASH);

  private static ReleaseIndex parse(String text) throws IOException {
    return ReleaseIndex.parse(text.getBytes(StandardCharsets.UTF_8), "test");
  }

  @Test
  void listsFilesWithSizeAndHash() throws IOException {
    ReleaseIndex release = parse(TEXT);
    assertThat(release.file("main/binary-amd64/Packages.xz"))
        .isEqualTo(new ExpectedFile("main/binary-amd64/Packages.xz", 7, HASH));
    assertThat(release.isFetchedByHash()).isTrue();
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> release.file("main/binary-m68k/Packages"))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void holdsForItsSuiteAndTime() throws IOException {
    ReleaseIndex release = parse(TEXT);
    release.requireCurrent("bookworm-security", NOW);
    release.requireCurrent("oldstable-security", NOW);
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> release.requireCurrent("trixie-security", NOW))
        .withMessageContaining("it is of suite bookworm-security, not trixie-security");
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> release.requireCurrent("bookworm-security", NOW.plusSeconds(8 * 86_400)))
        .withMessageContaining("valid until 2026-11-27T00:12:41Z")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.EXPIRED));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> release.requireCurrent("bookworm-security", NOW.minusSeconds(8 * 86_400)))
        .withMessageContaining("set the clock right")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.EXPIRED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Codename: x\n",
        "Codename: x\nSHA256:\n 12 12 main/Packages\n",
        "SHA256:\n aa\n",
        "SHA256:\n"
            + " abababababababababababababababababababababababababababababababab -1 a/Packages\n",
        "SHA256:\n"
            + " abababababababababababababababababababababababababababababababab 1"
            + " ../../Packages\n",
      })
  void refusesWhatIsNoIndex(String text) {
    assertThatExceptionOfType(CatalogueException.class).isThrownBy(() -> parse(text));
  }

  @Test
  void endsForAnyInput() throws IOException {
    Mutations mutations = new Mutations(4);
    byte[] valid = TEXT.getBytes(StandardCharsets.UTF_8);
    int held = 0;
    for (int i = 0; i < Mutations.iterations(20_000); i++) {
      try {
        ReleaseIndex.parse(mutations.of(valid), "fuzz").requireCurrent("bookworm-security", NOW);
        held++;
      } catch (CatalogueException e) {
        assertThat(e.kind()).isIn(Kind.MALFORMED, Kind.EXPIRED);
      }
    }
    assertThat(held).isPositive();
  }
}
