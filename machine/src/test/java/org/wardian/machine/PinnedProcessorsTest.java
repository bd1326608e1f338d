package org.wardian.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PinnedProcessorsTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  @Test
  void pairsAndRangesAreRead() {
    PinnedProcessors pins = PinnedProcessors.parse("0:3,2:4-6,2:9");

    assertThat(pins.of(0)).containsExactly(3);
    assertThat(pins.of(1)).isEmpty();
    assertThat(pins.of(2)).containsExactly(4, 5, 6, 9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0:", ":1", "a:1", "0:1,", "0:2-1", "0:1-", "0:-1", "0:1024"})
  void whatIsWrongIsNamed(String text) {
    String[] pairs = text.split(",", -1);
    assertThatThrownBy(() -> PinnedProcessors.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + pairs[pairs.length - 1] + "'");
  }

  @Test
  void anyTextIsReadOrRefused() {
    Random random = new Random(5);
    String letters = "0123456789:,- x";
    for (int i = 0; i < ITERATIONS; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n > 0; n--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      try {
        assertThat(PinnedProcessors.parse(text.toString()).hosts()).isNotEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("'");
      }
    }
  }
}
