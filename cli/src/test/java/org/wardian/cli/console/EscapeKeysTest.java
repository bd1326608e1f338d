package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.wardian.cli.console.EscapeKeys.Command;
import org.wardian.cli.console.EscapeKeys.Typed;

class EscapeKeysTest {
  private final EscapeKeys escape = new EscapeKeys();

  private Typed type(String keys) {
    byte[] bytes = keys.getBytes(StandardCharsets.ISO_8859_1);
    return escape.accept(bytes, bytes.length);
  }

  private static String text(Typed typed) {
    return new String(typed.keys(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void passesEveryOtherKey() {
    StringBuilder keys = new StringBuilder();
    for (char key = 0; key < 256; key++) {
      if (key != EscapeKeys.ESCAPE) {
        keys.append(key);
      }
    }

    Typed typed = type(keys.toString());

    assertThat(text(typed)).isEqualTo(keys.toString());
    assertThat(typed.command()).isEqualTo(Command.NONE);
  }

  @Test
  void leavesBehindTheKeysTypedBefore() {
    Typed typed = type("ls\r\u0001xrest");

    assertThat(text(typed)).isEqualTo("ls\r");
    assertThat(typed.command()).isEqualTo(Command.LEAVE);
  }

  @Test
  void savesAndGoesOn() {
    Typed typed = type("ls\r\u0001srest");

    assertThat(text(typed)).isEqualTo("ls\rrest");
    assertThat(typed.command()).isEqualTo(Command.SAVE);
  }

  @Test
  void theEscapeMayComeInTwoReads() {
    assertThat(type("\u0001")).extracting(Typed::command).isEqualTo(Command.NONE);
    assertThat(type("x")).extracting(Typed::command).isEqualTo(Command.LEAVE);
  }

  @Test
  void twiceIsOnceForTheGuest() {
    assertThat(text(type("a\u0001\u0001b"))).isEqualTo("a\u0001b");
  }

  @Test
  void helpIsForTheUserAlone() {
    Typed typed = type("a\u0001hb");

    assertThat(text(typed)).isEqualTo("ab");
    assertThat(typed.command()).isEqualTo(Command.HELP);
  }

  @Test
  void theMachineIsAskedAndSwitched() {
    assertThat(type("\u0001p").command()).isEqualTo(Command.POWER);
    assertThat(type("\u0001i").command()).isEqualTo(Command.INFORMATION);
  }

  @Test
  void aKeyWithoutMeaningReachesNobody() {
    assertThat(text(type("a\u0001zb"))).isEqualTo("ab");
  }
}
