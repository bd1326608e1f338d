package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class DebianMirrorsTest {
  @TempDir private Path apt;

  @BeforeEach
  void makeFolder() throws IOException {
    Files.createDirectory(apt.resolve("sources.list.d"));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(apt.resolve(name), text);
  }

  @Test
  void prefersTheMachinesMirrorAndKeepsTheWellKnownOne() throws IOException {
    write("sources.list", "deb http://near.example/debian trixie main\n");
    write(
        "sources.list.d/debian.sources",
        """
        Types: deb
        URIs: http://security.debian.org/debian-security
        Suites: trixie-security
        Components: main
        """);
    DebianMirrors mirrors = DebianMirrors.discover(Map.of(), apt);
    assertThat(mirrors.archive())
        .containsExactly(URI.create("http://near.example/debian"), DebianMirrors.DEFAULT_ARCHIVE);
    assertThat(mirrors.security())
        .containsExactly(
            URI.create("http://security.debian.org/debian-security"),
            DebianMirrors.DEFAULT_SECURITY);
  }

  @Test
  void leavesOutWhatIsNotDebian() throws IOException {
    write(
        "sources.list.d/vendors.list",
        """
        deb https://packages.example.com/apt cloud-sdk-bookworm main
        deb https://deb.example.com/node_20.x nodistro main
        deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.example/debian bookworm main
        deb http://archive.ubuntu.com/ubuntu noble main
        deb http://near.example/debian bookworm contrib
        deb http://near.example/debian bookworm-backports main
        """);
    assertThat(DebianMirrors.discover(Map.of(), apt))
        .isEqualTo(
            new DebianMirrors(
                java.util.List.of(DebianMirrors.DEFAULT_ARCHIVE),
                java.util.List.of(DebianMirrors.DEFAULT_SECURITY)));
  }

  @Test
  void worksWithoutApt() throws IOException {
    assertThat(DebianMirrors.discover(Map.of(), apt.resolve("missing")).archive())
        .containsExactly(DebianMirrors.DEFAULT_ARCHIVE);
  }

  @Test
  void takesTheEnvironmentsWordAlone() throws IOException {
    write("sources.list", "deb http://near.example/debian bookworm main\n");
    DebianMirrors mirrors =
        DebianMirrors.discover(
            Map.of(
                "WARDIAN_MIRROR", "http://mine.example/debian/",
                "WARDIAN_SECURITY_MIRROR", "none"),
            apt);
    assertThat(mirrors.archive()).containsExactly(URI.create("http://mine.example/debian"));
    assertThat(mirrors.security()).isEmpty();
  }

  @Test
  void refusesASettingThatIsNoAddress() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> DebianMirrors.discover(Map.of("WARDIAN_MIRROR", "ftp://x/\n"), apt))
        .withMessageContaining("WARDIAN_MIRROR is \"ftp://x/")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.BAD_SETTING));
  }
}
