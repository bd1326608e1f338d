package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DiskSizeTest {
  @ParameterizedTest
  @CsvSource({
    "512, 512, 0",
    "1000, 1024, 0",
    "10G, 10737418240, 0",
    "+1k, 1024, 1",
    "-1.5GiB, 1610612736, -1",
    "2T, 2199023255552, 0"
  })
  void readsSizes(String text, long bytes, int sign) {
    assertThat(DiskSize.parse(text)).isEqualTo(new DiskSize(bytes, sign));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "+", "--1", "1Q", "1e9", "99999999999999999999"})
  void refusesWhatIsNoSize(String text) {
    assertThatThrownBy(() -> DiskSize.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({"512, 512 bytes", "1024, 1 KiB", "1610612736, 1.5 GiB", "1073741824, 1 GiB"})
  void printsSizes(long bytes, String text) {
    assertThat(DiskSize.text(bytes)).isEqualTo(text);
  }
}
