package org.wardian.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The configuration's form. */
class ConfigurationFileTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static ConfigurationFile parse(String text) throws IOException {
    return ConfigurationFile.parse(text, "wardiand.conf");
  }

  @Test
  void valuesHaveTheirKinds() throws IOException {
    ConfigurationFile file =
        parse("# words\na = 5 # five\nb= \"text\"\nc = [ \"x\", # one\n  \"y\" ]\n\nd=-1");
    assertThat(file.number("a", 0, 0, 10)).isEqualTo(5);
    assertThat(file.string("b", "")).isEqualTo("text");
    assertThat(file.strings("c")).isEqualTo(List.of("x", "y"));
    assertThat(file.number("d", 0, -5, 10)).isEqualTo(-1);
    assertThat(file.string("e", "otherwise")).isEqualTo("otherwise");
  }

  @Test
  void whatIsWrongIsToldWithItsLine() {
    assertThatThrownBy(() -> parse("a = 1\nb : 2"))
        .hasMessage("wardiand.conf, line 2: expected '=' after b");
    assertThatThrownBy(() -> parse("a = \"x\ny\"")).hasMessageContaining("line 1");
    assertThatThrownBy(() -> parse("a = 1\na = 2")).hasMessageContaining("a is set twice");
    assertThatThrownBy(() -> parse("a = 1").string("a", "")).hasMessageContaining("in quotes");
    assertThatThrownBy(() -> parse("a = 1").requireKnown(Set.of("b")))
        .hasMessageContaining("there is no setting a");
    assertThatThrownBy(() -> parse("a = 99").number("a", 0, 0, 9)).hasMessageContaining("0 to 9");
  }

  @Test
  void whatIsPrintedCanBeRead() throws IOException {
    try (InputStream in = DaemonSettings.class.getResourceAsStream(DaemonSettings.FILE)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      parse(text);
      // And with every setting taken for real.
      String real = text.replaceAll("(?m)^#([a-z_]+ = )", "$1");
      ConfigurationFile file = parse(real);
      assertThat(file.number("tcp_port", 0, 0, 65_535)).isEqualTo(16_509);
      assertThat(file.number("seccomp_sandbox", 0, -1, 1)).isEqualTo(-1);
      assertThat(file.strings("sasl_roles")).containsExactly("fred=operator");
    }
  }

  @Test
  void noTextDoesMoreThanFail() {
    SplittableRandom random = new SplittableRandom(9);
    String alphabet = "ab_ =\"[],#\n\t0-9\u00e9";
    for (int i = 0; i < CASES; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(40); n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        parse(text.toString());
      } catch (IOException told) {
        assertThat(told.getMessage()).startsWith("wardiand.conf");
      }
    }
  }
}
