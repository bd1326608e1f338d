package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** CRC32 and PCLMULQDQ: arithmetic over GF(2). */
class PolynomialsTest {
  private final Random random = new Random(7);

  @Test
  void crcOfTheStandardCheckString() {
    int crc = -1;
    for (byte b : "123456789".getBytes(StandardCharsets.US_ASCII)) {
      crc = Crc32.update(crc, b, 1);
    }
    assertThat(~crc).isEqualTo(0xe306_9283);
  }

  @Test
  void everyWidthAccumulatesLowBytesFirst() {
    for (int bytes = 1; bytes <= 8; bytes <<= 1) {
      for (int i = 0; i < 1000; i++) {
        long value = random.nextLong();
        CRC32C reference = new CRC32C();
        for (int k = 0; k < bytes; k++) {
          reference.update((int) (value >>> (k << 3)));
        }
        assertThat(~Crc32.update(-1, value, bytes)).isEqualTo((int) reference.getValue());
      }
    }
  }

  @Test
  void productIsTheSumOfShiftedFactors() {
    for (int i = 0; i < 2000; i++) {
      long a = random.nextLong();
      long b = random.nextLong();
      long low = 0;
      long high = 0;
      for (int bit = 0; bit < 64; bit++) {
        if ((b >>> bit & 1) != 0) {
          low ^= a << bit;
          high ^= bit == 0 ? 0 : a >>> (64 - bit);
        }
      }
      assertThat(CarrylessProduct.low(a, b)).isEqualTo(low);
      assertThat(CarrylessProduct.high(a, b)).isEqualTo(high);
    }
  }
}
