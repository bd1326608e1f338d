package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** libvirt's file for clients. */
class ClientSettingsTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static final String TEXT =
      """
      # of mine
      uri_aliases = [
        "hail=qemu+ssh://root@hail.example/system?no_tty=1", # one
        'sleet=qemu:///session',
      ]
      uri_default = "qemu+tls://rain/system"
      remote_mode = 5
      """;

  @Test
  void shortNamesStandForUris() throws IOException {
    ClientSettings settings = ClientSettings.parse(TEXT, "libvirt.conf");

    assertThat(settings.resolve("hail")).isEqualTo("qemu+ssh://root@hail.example/system?no_tty=1");
    assertThat(settings.resolve("sleet")).isEqualTo("qemu:///session");
    assertThat(settings.resolve("snow")).isEqualTo("snow");
    assertThat(settings.defaultUri()).contains("qemu+tls://rain/system");
    assertThat(ClientSettings.parse("# uri_default = 'x'", "").defaultUri()).isEmpty();
    assertThat(ClientSettings.isAlias("hail_2-b")).isTrue();
    assertThat(ClientSettings.isAlias("qemu:///system")).isFalse();
  }

  @Test
  void whatIsWrongIsToldWithItsPlace() throws IOException {
    assertThatThrownBy(() -> ClientSettings.parse("a = 1\nb : 2", "f"))
        .hasMessage("f, line 2: expected NAME = VALUE");
    assertThatThrownBy(() -> ClientSettings.parse("a = [ \"x\" \"y\" ]", "f"))
        .hasMessageContaining("expected ',' or ']'");
    assertThatThrownBy(() -> ClientSettings.parse("a = \"x\n\"", "f")).hasMessageContaining("line");
    ClientSettings settings = ClientSettings.parse("uri_aliases = [ \"a b=c\" ]", "f");
    assertThatThrownBy(() -> settings.resolve("a")).hasMessageContaining("NAME=URI");
  }

  @Test
  void aUserHasAFileOfHisOwn(@TempDir Path folder) throws IOException {
    Path file = Files.createDirectories(folder.resolve("libvirt")).resolve("libvirt.conf");
    Files.writeString(file, TEXT);

    assertThat(ClientSettings.of(Map.of("XDG_CONFIG_HOME", folder.toString()), false).defaultUri())
        .contains("qemu+tls://rain/system");
    assertThat(ClientSettings.of(Map.of("HOME", folder.toString()), false).defaultUri()).isEmpty();
  }

  @Test
  void noTextDoesMoreThanFail() {
    SplittableRandom random = new SplittableRandom(11);
    String[] pieces = TEXT.split("(?<=[\\[\\]=\\n \"',])");
    for (int i = 0; i < CASES; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(20); length > 0; length--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        ClientSettings settings = ClientSettings.parse(text.toString(), "libvirt.conf");
        assertThat(settings.resolve("hail")).isNotNull();
      } catch (IOException e) {
        assertThat(e).hasMessageStartingWith("libvirt.conf");
      }
    }
  }
}
