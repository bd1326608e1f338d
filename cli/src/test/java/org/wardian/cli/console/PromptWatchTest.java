package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptWatchTest {
  private static boolean endsInPrompt(String output) {
    PromptWatch watch = new PromptWatch();
    boolean prompt = false;
    for (byte b : output.getBytes(StandardCharsets.UTF_8)) {
      prompt = watch.accept(b);
    }
    return prompt;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ # ",
        "~ # ",
        "boot messages\r\n/ # ",
        "user@host:~/src$ ",
        "\u001b[1;32mroot@wardian\u001b[0m:/# ",
        "# ",
        "\u001b[6n/ # ",
        "> "
      })
  void knowsPrompts(String output) {
    assertThat(endsInPrompt(output)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "/ #",
        "/ # l",
        "/ # \r\n",
        "/ # echo # ",
        "a > ",
        "100% ",
        "[    0.000000] Linux version 6.1 #1 SMP "
      })
  void isNotTakenInByOtherOutput(String output) {
    assertThat(endsInPrompt(output)).isFalse();
  }

  @Test
  void aLongLineIsNoPrompt() {
    assertThat(endsInPrompt("x".repeat(100_000) + "# ")).isFalse();
  }
}
