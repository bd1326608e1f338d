package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class AptSourceParserTest {
  private static final String LIST =
      """
      # deb http://off.example/debian bookworm main
      deb http://ftp.example.org/debian/ bookworm main contrib # near
      deb-src http://ftp.example.org/debian bookworm main
      deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://x.example/debian trixie main
      deb [arch=arm64] http://arm.example/debian bookworm main
      deb cdrom:[Debian 12]/ bookworm main
      deb http://too.short/debian
      deb [unclosed http://x.example/debian bookworm main
      """;

  private static final String DEB822 =
      """
      Types: deb deb-src
      URIs: http://a.example/debian http://b.example/debian/
      Suites: bookworm bookworm-updates
      Components: main
      Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

      Enabled: no
      Types: deb
      URIs: http://off.example/debian
      Suites: bookworm
      Components: main

      Types: deb
      URIs: file:/srv/debian ftp://old.example/debian
      Suites: bookworm
      Components: main
      """;

  @Test
  void readsOneLineFormat() {
    assertThat(AptSourceParser.parseList(LIST))
        .containsExactly(
            new AptSource(
                URI.create("http://ftp.example.org/debian"),
                "bookworm",
                List.of("main", "contrib"),
                ""),
            new AptSource(
                URI.create("https://x.example/debian"),
                "trixie",
                List.of("main"),
                "/usr/share/keyrings/x.gpg"));
  }

  @Test
  void readsDeb822Format() {
    assertThat(AptSourceParser.parseDeb822(DEB822))
        .extracting(source -> source.uri() + " " + source.suite())
        .containsExactly(
            "http://a.example/debian bookworm",
            "http://a.example/debian bookworm-updates",
            "http://b.example/debian bookworm",
            "http://b.example/debian bookworm-updates");
  }

  @Test
  void neverFailsAndGivesOnlyAddressesThatCanBeFetched() {
    Mutations mutations = new Mutations(2);
    int found = 0;
    for (int i = 0; i < Mutations.iterations(10_000); i++) {
      for (AptSource source : AptSourceParser.parseList(mutated(mutations, LIST))) {
        assertThat(source.uri().getHost()).isNotEmpty();
        found++;
      }
      for (AptSource source : AptSourceParser.parseDeb822(mutated(mutations, DEB822))) {
        assertThat(source.uri().getScheme()).startsWithIgnoringCase("http");
        found++;
      }
    }
    assertThat(found).isPositive();
  }

  private static String mutated(Mutations mutations, String text) {
    return new String(mutations.of(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }
}
