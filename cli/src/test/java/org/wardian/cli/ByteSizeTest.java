package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "512, 536870912",
    "512M, 536870912",
    "1k, 1024",
    "2GiB, 2147483648",
    "1.5g, 1610612736",
    "64MB, 67108864",
    "1T, 1099511627776"
  })
  void readsSizes(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1M", "12Q", "M", "1e9", "99999999999T", "1.M", "0x10"})
  void refusesWhatIsNoSize(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({"1024, 1K", "536870912, 512M", "1610612736, 1536M", "1000, 1000 bytes"})
  void printsTheLargestUnitThatIsExact(long bytes, String text) {
    assertThat(new ByteSize(bytes)).hasToString(text);
  }
}
