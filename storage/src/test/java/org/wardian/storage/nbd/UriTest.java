package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.storage.ImageNames;

/** URIs of exports, and paths that stand for them. */
class UriTest {
  @Test
  void partsAreFound() {
    assertThat(NbdUri.parse("nbd://example.org/disk"))
        .isEqualTo(NbdUri.tcp("example.org", 10809, "disk"));
    assertThat(NbdUri.parse("nbd://[::1]:99/a%20b%2Fc/d"))
        .isEqualTo(NbdUri.tcp("::1", 99, "a b/c/d"));
    assertThat(NbdUri.parse("nbd+unix:///x+y?socket=/a%26b&reconnect-delay=7"))
        .isEqualTo(NbdUri.unix(Path.of("/a&b"), "x+y").withReconnectDelay(Duration.ofSeconds(7)));
    assertThat(NbdUri.parse("nbd://host")).isEqualTo(NbdUri.tcp("host", 0, ""));
    assertThat(NbdUri.parse("nbd://host//srv/disk").export()).isEqualTo("/srv/disk");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nbd://host/",
        "nbd://host:1/a%20%C3%A9",
        "nbd://[fe80::1]/x?reconnect-delay=3",
        "nbd+unix:///a%3fb?socket=/run/x%20y&reconnect-delay=86400",
        "nbd+unix:///?socket=relative"
      })
  void whatIsWrittenIsReadAlike(String text) {
    NbdUri uri = NbdUri.parse(text);
    assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri);
    Path path = ImageNames.given(text);
    assertThat(path).isInstanceOf(NbdPath.class).isEqualTo(new NbdPath(uri));
    assertThat(path.toAbsolutePath()).isEqualTo(path);
    assertThat(ImageNames.given(path.toString())).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nbds://host/x",
        "nbd://a b/",
        "nbd://u@host/",
        "nbd://host/#f",
        "nbd://host:99999/",
        "nbd://host/?socket=/x",
        "nbd+unix:///x",
        "nbd+unix://host/x?socket=/s",
        "nbd://host/%ff",
        "nbd://host/%00",
        "nbd://host/?reconnect-delay=x",
        "nbd://host/?reconnect-delay=-1",
        "nbd://host/%zz"
      })
  void whatIsNoneIsRefusedWithWhatOneIs(String text) {
    assertThatThrownBy(() -> ImageNames.given(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nbd+unix:///EXPORT?socket=PATH");
  }

  @Test
  void filesStayFiles() {
    assertThat(ImageNames.given("nbd.raw")).isEqualTo(Path.of("nbd.raw"));
    assertThat(ImageNames.given("./nbd://x")).isEqualTo(Path.of("./nbd:/x"));
  }
}
