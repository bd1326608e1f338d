package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlReaderTest {
  private static final String TWO =
      """
      # a comment
      Package: busybox-static
      Version: 1:1.35.0-4
      Description: Standalone rescue shell
       with tons of
      \tbuiltin utilities

      \s
      Package: linux-image-cloud-amd64
      Depends:
       linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)
      # another
      Size: 12
      """;

  private static ControlReader reader(String text) {
    return new ControlReader(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "test");
  }

  @Test
  void readsParagraphsOneByOne() throws IOException {
    ControlReader reader = reader(TWO);
    ControlStanza first = reader.next();
    assertThat(first.size()).isEqualTo(3);
    assertThat(first.get("package")).isEqualTo("busybox-static");
    assertThat(first.get("Description"))
        .isEqualTo("Standalone rescue shell\nwith tons of\nbuiltin utilities");
    ControlStanza second = reader.next();
    assertThat(second.get("Depends")).isEqualTo("\nlinux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)");
    assertThat(second.get("Size")).isEqualTo("12");
    assertThat(second.get("Missing")).isNull();
    assertThat(second.get("Missing", "none")).isEqualTo("none");
    assertThat(reader.next()).isNull();
    assertThat(reader.next()).isNull();
  }

  @Test
  void skipsParagraphsThatAreNotWanted() throws IOException {
    ControlReader reader = reader(TWO);
    assertThat(reader.next(name -> name.startsWith("linux")).get("Size")).isEqualTo("12");
    assertThat(reader.next(name -> true)).isNull();
  }

  @Test
  void takesLineEndsOfOtherSystemsAndAMissingLastOne() throws IOException {
    ControlReader reader = reader("A: 1\r\nB: 2\r\n\r\nC: 3");
    assertThat(reader.next().get("B")).isEqualTo("2");
    assertThat(reader.next().get("C")).isEqualTo("3");
    assertThat(reader.next()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"no colon\n", ": empty\n", " continuation\n", "A: 1\nA: 2\n", "A b: 1\n"})
  void refusesWhatIsNoControlFile(String text) {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> reader(text).next())
        .withMessageStartingWith("test, line ");
  }

  @Test
  void refusesAParagraphTooLargeToHold() {
    String line = "x".repeat(1 << 16);
    String text = "A: 1\n" + (" " + line + "\n").repeat(200);
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> reader(text).next())
        .withMessageContaining("more than");
  }

  @Test
  void endsForAnyInput() throws IOException {
    Mutations mutations = new Mutations(1);
    byte[] valid = TWO.getBytes(StandardCharsets.UTF_8);
    int read = 0;
    for (int i = 0; i < Mutations.iterations(20_000); i++) {
      ControlReader reader =
          new ControlReader(new ByteArrayInputStream(mutations.of(valid)), "fuzz");
      try {
        for (ControlStanza stanza = reader.next(); stanza != null; stanza = reader.next()) {
          read += stanza.size();
        }
      } catch (CatalogueException e) {
        assertThat(e.kind()).isEqualTo(CatalogueException.Kind.MALFORMED);
      }
    }
    assertThat(read).isPositive();
  }
}
