package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeLimitTest {
  @ParameterizedTest
  @CsvSource({"90, PT1M30S", "90s, PT1M30S", "1.5m, PT1M30S", "2H, PT2H", "0.25, PT0.25S"})
  void readsTimes(String text, Duration duration) {
    assertThat(TimeLimit.parse(text).duration()).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0.0001", "-1", "5d", "s", "1m30s", "1e3"})
  void refusesWhatIsNoTime(String text) {
    assertThatThrownBy(() -> TimeLimit.parse(text)).isInstanceOf(TypeConversionException.class);
  }
}
