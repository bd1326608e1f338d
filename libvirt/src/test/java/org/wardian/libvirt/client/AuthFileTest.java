package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** libvirt's file of passwords. */
class AuthFileTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static final String TEXT =
      """
      # mine
      [credentials-garden]
      authname = fred
      password=a = b

      [credentials-other]
      username=anna
      password=leaf
      [auth-libvirt-host.example]
      credentials=garden
      [auth-libvirt-broken]
      credentials=none
      [auth-libvirt-default]
      credentials=other
      """;

  @Test
  void aHostHasItsOwnOrThatOfAll() throws IOException {
    AuthFile file = AuthFile.parse(TEXT, "auth.conf");

    assertThat(file.entry("host.example")).contains(new AuthFile.Entry("fred", "a = b"));
    assertThat(file.entry("elsewhere")).contains(new AuthFile.Entry("anna", "leaf"));
    assertThat(file.entry("broken")).isEmpty();
    assertThat(file.entry("elsewhere").toString()).doesNotContain("leaf");
    assertThat(AuthFile.parse("", "auth.conf").entry("any")).isEmpty();
  }

  @Test
  void theOneThatIsNamedCounts(@TempDir Path folder) throws IOException {
    Path named = Files.writeString(folder.resolve("named"), TEXT);
    Path own = Files.createDirectories(folder.resolve("libvirt")).resolve("auth.conf");
    Files.writeString(own, TEXT.replace("leaf", "own"));
    Map<String, String> environment = Map.of("XDG_CONFIG_HOME", folder.toString());
    ConnectionUri uri = ConnectionUri.parse("qemu+tcp://host/system");

    assertThat(AuthFile.find(uri, environment).orElseThrow().entry("x").orElseThrow().password())
        .isEqualTo("own");
    ConnectionUri naming = ConnectionUri.parse("qemu+tcp://host/system?authfile=" + named);
    assertThat(AuthFile.find(naming, environment).orElseThrow().entry("x").orElseThrow().password())
        .isEqualTo("leaf");
    assertThatThrownBy(() -> AuthFile.find(uri, Map.of("LIBVIRT_AUTH_FILE", "/nowhere")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void noTextDoesMoreThanFail() {
    SplittableRandom random = new SplittableRandom(7);
    String[] pieces = TEXT.split("(?<=[\\[\\]=\\n -])");
    for (int i = 0; i < CASES; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(20); length > 0; length--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        AuthFile.parse(text.toString(), "auth.conf").entry("host.example");
      } catch (IOException e) {
        assertThat(e).hasMessageMatching("auth\\.conf, line [0-9]+: expected .+");
      }
    }
  }
}
