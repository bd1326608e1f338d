package org.wardian.boot.seed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CloudSeedTest {
  private static final String KEY =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEwQ7FZ9hPq0x8lJ7dAq0n8hX0YJm7q0x8lJ7dAq0n8h ada@host";

  @Test
  void withoutPasswordTheConsoleIsOpenAndSshTakesKeys() throws IOException {
    String data = seed("ada", List.of(KEY), Optional.empty()).userData();
    assertThat(data).startsWith("#cloud-config\n{");
    assertThat(tokens(data))
        .containsSequence("FIELD_NAME=ssh_pwauth", "VALUE_FALSE=false")
        .containsSequence("FIELD_NAME=lock_passwd", "VALUE_TRUE=true")
        .containsSequence("FIELD_NAME=ssh_authorized_keys", "START_ARRAY=[", "VALUE_STRING=" + KEY)
        .contains("VALUE_STRING=AUTOLOGIN=\"--autologin ada\"\n")
        .doesNotContain("FIELD_NAME=plain_text_passwd");
  }

  @Test
  void withAPasswordTheConsoleAsksForIt() throws IOException {
    String password = "a \"quoted\\ 'one'\u00e9: {}";
    String data = seed("ada", List.of(), Optional.of(password)).userData();
    assertThat(tokens(data))
        .containsSequence("FIELD_NAME=ssh_pwauth", "VALUE_TRUE=true")
        .containsSequence("FIELD_NAME=lock_passwd", "VALUE_FALSE=false")
        .containsSequence("FIELD_NAME=plain_text_passwd", "VALUE_STRING=" + password)
        .doesNotContain("FIELD_NAME=write_files");
  }

  @Test
  void eachCardHasItsAddressByDhcp() throws IOException {
    CloudSeed seed = new CloudSeed("debian", "ada", List.of(), Optional.empty(), 2);
    assertThat(tokens(seed.networkConfig()))
        .containsSequence("FIELD_NAME=version", "VALUE_NUMBER_INT=2")
        .containsSequence(
            "FIELD_NAME=eth1", "START_OBJECT={", "FIELD_NAME=dhcp4", "VALUE_TRUE=true")
        .doesNotContain("FIELD_NAME=eth2");
  }

  @Test
  void otherSettingsAreAnotherInstance() {
    String first = seed("ada", List.of(), Optional.empty()).metaData();
    assertThat(first).isEqualTo(seed("ada", List.of(), Optional.empty()).metaData());
    assertThat(first).isNotEqualTo(seed("ada", List.of(KEY), Optional.empty()).metaData());
    assertThat(first).contains("\"local-hostname\" : \"debian\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "root",
        "www-data",
        "sudo",
        "Ada",
        "9to5",
        "a b",
        "a\nb",
        "systemd-oom",
        "a;b"
      })
  void refusesUsersThatCannotBe(String user) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> seed(user, List.of(), Optional.empty()))
        .withMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA\nssh-rsa AAAA",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "hello ada"
      })
  void refusesWhatIsNoKey(String key) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> seed("ada", List.of(key), Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        KEY,
        "ecdsa-sha2-nistp256 AAAAE2VjZHNh= a comment with words",
        "sk-ssh-ed25519@openssh.com AAAA",
        "from=\"10.0.2.2\",no-pty ssh-rsa AAAAB3Nz"
      })
  void takesKeys(String key) {
    assertThat(seed("ada", List.of(key), Optional.empty()).keys()).containsExactly(key);
  }

  @Test
  void refusesHostNamesAndPasswords() {
    for (String name : List.of("", "-a", "a.b", "a b", "x".repeat(64))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new CloudSeed(name, "ada", List.of(), Optional.empty(), 1));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> seed("ada", List.of(), Optional.of("two\nlines")));
  }

  private static CloudSeed seed(String user, List<String> keys, Optional<String> password) {
    return new CloudSeed("debian", user, keys, password, 1);
  }

  /** The document's tokens, each as its kind and text. */
  private static List<String> tokens(String document) throws IOException {
    List<String> tokens = new java.util.ArrayList<>();
    try (JsonParser json =
        new JsonFactory().createParser(document.replaceFirst("#cloud-config\n", ""))) {
      while (json.nextToken() != null) {
        tokens.add(json.currentToken() + "=" + json.getText());
      }
    }
    return tokens;
  }
}
