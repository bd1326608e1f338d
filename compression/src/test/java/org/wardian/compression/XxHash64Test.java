package org.wardian.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XxHash64Test {

  @ParameterizedTest
  @CsvSource({
    "'', ef46db3751d8e999",
    "a, d24ec4f1a98c6e5b",
    "abc, 44bc2cf5ad770999",
  })
  void knownHashes(String text, String expected) {
    byte[] data = ("__" + text + "__").getBytes(StandardCharsets.US_ASCII);
    assertThat(Long.toHexString(XxHash64.hash(data, 2, data.length - 2))).isEqualTo(expected);
  }
}
