package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ConsoleScriptTest {
  /** What the script types while the guest prints {@code output}. */
  private static String typedOn(ConsoleScript script, String output) {
    StringBuilder typed = new StringBuilder();
    for (byte b : output.getBytes(StandardCharsets.UTF_8)) {
      byte[] keys = script.accept(b);
      if (keys != null) {
        typed.append(new String(keys, StandardCharsets.UTF_8));
      }
    }
    return typed.toString();
  }

  @Test
  void typesEachLineAtItsPromptAndThenPowersOff() {
    ConsoleScript script = ConsoleScript.of("uname -r\nid\n");

    assertThat(typedOn(script, "[ 1.0] boot\r\n")).isEmpty();
    assertThat(typedOn(script, "/ # ")).isEqualTo("uname -r\r");
    assertThat(typedOn(script, "uname -r\r\n6.1.0\r\n")).isEmpty();
    assertThat(typedOn(script, "/ # ")).isEqualTo("id\r");
    assertThat(typedOn(script, "id\r\nuid=0\r\n/ # ")).isEqualTo("poweroff\r");
    assertThat(typedOn(script, "poweroff\r\nThe system is going down NOW!\r\n")).isEmpty();
  }

  @Test
  void powersOffAgainWhereTheGuestComesBack() {
    ConsoleScript script = ConsoleScript.of("");

    assertThat(typedOn(script, "/ # ")).isEqualTo("poweroff\r");
    assertThat(typedOn(script, "poweroff\r\nno\r\n/ # ")).isEqualTo("poweroff\r");
    String reset = "[    2.1] reboot: Restarting system\r\n[    0.0] Linux version 6.1.0\r\n";
    assertThat(typedOn(script, "poweroff\r\n" + reset + "/ # ")).isEqualTo("poweroff\r");
  }

  @Test
  void typesNothingMoreWhileTheGuestGoesDown() {
    ConsoleScript script = ConsoleScript.of("");

    assertThat(typedOn(script, "/ # ")).isEqualTo("poweroff\r");
    assertThat(typedOn(script, "poweroff\r\n/ # ")).isEmpty();
    assertThat(typedOn(script, "\r\nThe system is going down NOW!\r\n/ # ")).isEmpty();
    assertThat(typedOn(script, "Sent SIGTERM to all processes\r\nTerminated\r\n/ # ")).isEmpty();
    assertThat(typedOn(script, "[    3.5] ACPI: PM: Preparing to enter S5\r\n/ # ")).isEmpty();
  }

  @Test
  void theLineBehindARebootIsForTheNewGuest() {
    ConsoleScript script = ConsoleScript.of("reboot\nid");

    assertThat(typedOn(script, "/ # ")).isEqualTo("reboot\r");
    assertThat(typedOn(script, "reboot\r\nThe system is going down NOW!\r\n/ # ")).isEmpty();
    assertThat(typedOn(script, "[   31.8] reboot: Restarting system\r\n")).isEmpty();
    assertThat(typedOn(script, "[    0.0] Linux version 6.1.0-amd64\r\n/ # ")).isEqualTo("id\r");
  }

  @Test
  void theEchoOfALineIsNotAPrompt() {
    ConsoleScript script = ConsoleScript.of("echo > a # b\nid");

    assertThat(typedOn(script, "/ # ")).isEqualTo("echo > a # b\r");
    assertThat(typedOn(script, "echo > a # b")).isEmpty();
    assertThat(typedOn(script, "\r\n/ # ")).isEqualTo("id\r");
  }

  @Test
  void anEmptyScriptPowersOff() {
    assertThat(typedOn(ConsoleScript.of(""), "/ # ")).isEqualTo("poweroff\r");
  }

  @Test
  void namesTheLineThatCannotBeTyped() {
    assertThatThrownBy(() -> ConsoleScript.of("a\nb\u0004\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("line 2 ");
    assertThatThrownBy(() -> ConsoleScript.of("x".repeat(4096)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("line 1 ");
  }

  @Test
  void somethingElseMayBeDoneBehindTheLastLine() {
    ConsoleScript script = ConsoleScript.of("id");
    int[] done = new int[1];
    script.atEnd(() -> done[0]++);

    assertThat(typedOn(script, "/ # ")).isEqualTo("id\r");
    assertThat(script.isAtEnd()).isFalse();
    assertThat(typedOn(script, "id\r\nuid=0\r\n/ # ")).isEmpty();
    assertThat(done[0]).isEqualTo(1);
    assertThat(script.isAtEnd()).isTrue();
    // The guest goes on, and is powered off as ever.
    assertThat(new String(script.powerOff(), StandardCharsets.UTF_8)).isEqualTo("poweroff\r");
    assertThat(typedOn(script, "poweroff\r\nno\r\n/ # ")).isEqualTo("poweroff\r");
    assertThat(done[0]).isEqualTo(1);
  }
}
