package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LeaveKeysTest {
  private static String typed(LeaveKeys keys, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return new String(keys.accept(bytes, bytes.length), StandardCharsets.ISO_8859_1);
  }

  @Test
  void everyOtherKeyIsForTheGuest() {
    LeaveKeys keys = new LeaveKeys();

    assertThat(typed(keys, "ls\r\003\032\033[A\001c")).isEqualTo("ls\r\003\032\033[A\001c");
    assertThat(keys.left()).isFalse();
  }

  @Test
  void controlBracketLeavesAndNothingBehindItIsRead() {
    LeaveKeys keys = new LeaveKeys();

    assertThat(typed(keys, "ab\035cd")).isEqualTo("ab");
    assertThat(keys.left()).isTrue();
  }

  @Test
  void controlAThenXLeavesAlsoInTwoReads() {
    LeaveKeys keys = new LeaveKeys();

    assertThat(typed(keys, "a\001")).isEqualTo("a");
    assertThat(keys.left()).isFalse();
    assertThat(typed(keys, "x")).isEmpty();
    assertThat(keys.left()).isTrue();
  }

  @Test
  void controlATwiceIsOneForTheGuest() {
    LeaveKeys keys = new LeaveKeys();

    assertThat(typed(keys, "\001\001x")).isEqualTo("\001x");
    assertThat(keys.left()).isFalse();
  }
}
