package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class ClearSignedMessageTest {
  private static final TestKey KEY = new TestKey();
  private static final String TEXT = "Origin: Debian\n- dash\n--- more\n\nlast: line\n";
  private static final Instant NOW = Instant.now();

  private static String verified(byte[] message, ArchiveKeys keys) throws CatalogueException {
    byte[] text = ClearSignedMessage.parse(message, "test").verify(keys, NOW);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String signed() {
    return new String(KEY.clearSign(TEXT), StandardCharsets.ISO_8859_1);
  }

  private static void assertRefused(byte[] message, Kind kind) {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> verified(message, KEY.trusted()))
        .satisfies(e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
  }

  @Test
  void givesTheTextThatATrustedKeySigned() throws CatalogueException {
    assertThat(verified(bytes(signed()), KEY.trusted())).isEqualTo(TEXT);
  }

  @Test
  void doesNotMindLineEndsAndTrailingSpace() throws CatalogueException {
    String changed = signed().replace("Origin: Debian\n", "Origin: Debian \t\n");
    assertThat(verified(bytes(changed.replace("\n", "\r\n")), KEY.trusted())).isEqualTo(TEXT);
  }

  @Test
  void verifiesWhatDebianSigned() throws IOException {
    byte[] message;
    try (InputStream in = getClass().getResourceAsStream("bookworm-security.InRelease")) {
      message = in.readAllBytes();
    }
    Instant then = Instant.parse("2026-11-21T12:00:00Z");
    byte[] text = ClearSignedMessage.parse(message, "Debian").verify(ArchiveKeys.debian(), then);
    ReleaseIndex release = ReleaseIndex.parse(text, "Debian");
    release.requireCurrent("bookworm-security", then);
    assertThat(release.file("main/binary-amd64/Packages.xz").size()).isEqualTo(376_904);

    message[message.length / 2] ^= 1;
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(
            () -> ClearSignedMessage.parse(message, "Debian").verify(ArchiveKeys.debian(), then))
        .withMessageContaining("BAD signature by key");
  }

  @Test
  void refusesDebiansKeysOnceTheyExpired() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("bookworm-security.InRelease")) {
      ClearSignedMessage message = ClearSignedMessage.parse(in.readAllBytes(), "Debian");
      assertThatExceptionOfType(CatalogueException.class)
          .isThrownBy(
              () -> message.verify(ArchiveKeys.debian(), Instant.parse("2040-01-01T00:00:00Z")))
          .withMessageContaining("BDE6D2B9216EC7A8 (expired)");
    }
  }

  @Test
  void refusesAChangedText() {
    assertRefused(bytes(signed().replace("last: line", "last: lime")), Kind.BAD_SIGNATURE);
  }

  @Test
  void refusesAnUnknownKey() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> verified(bytes(signed()), new TestKey().trusted()))
        .withMessageContaining("signed by no key that Wardian trusts")
        .withMessageContaining("(unknown)")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.BAD_SIGNATURE));
  }

  @Test
  void refusesAWeakHash() {
    assertRefused(KEY.clearSign(TEXT, HashAlgorithmTags.SHA1), Kind.BAD_SIGNATURE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>please log in</html>\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nComment: x\n\ntext\n",
      })
  void refusesWhatIsNotSigned(String text) {
    assertRefused(bytes(text), Kind.MALFORMED);
  }

  @Test
  void refusesTextOutsideTheSignature() {
    assertRefused(bytes("Evil: yes\n" + signed()), Kind.MALFORMED);
    assertRefused(bytes(signed() + "Evil: yes\n"), Kind.MALFORMED);
    assertRefused(bytes(signed().replace("- --- more", "--- more")), Kind.MALFORMED);
  }

  @Test
  void neverGivesATextThatWasNotSigned() {
    ArchiveKeys keys = KEY.trusted();
    byte[] valid = bytes(signed());
    Mutations mutations = new Mutations(3);
    for (int i = 0; i < Mutations.iterations(3_000); i++) {
      try {
        assertThat(verified(mutations.of(valid), keys)).isEqualTo(TEXT);
      } catch (CatalogueException e) {
        assertThat(e.kind()).isIn(Kind.MALFORMED, Kind.BAD_SIGNATURE);
      }
    }
  }

  @Test
  void keysMustBePinnedAndPresent() {
    byte[] armoured = KEY.armoured();
    assertThatIOException()
        .isThrownBy(() ->
            ArchiveKeys.read(
                new ByteArrayInputStream(armoured), Set.of(new TestKey().fingerprint())))
        .withMessageStartingWith("no key with fingerprint");
    assertThatIOException()
        .isThrownBy(() -> ArchiveKeys.read(new ByteArrayInputStream(bytes("x")), Set.of("00")));
  }
}
