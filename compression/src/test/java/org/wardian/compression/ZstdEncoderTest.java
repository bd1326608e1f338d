package org.wardian.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is packed unpacks to the same; other programs' agreement is shown where it is used. */
class ZstdEncoderTest {
  private static byte[] unpacked(byte[] packed, int size) throws CorruptPayloadException {
    UnpackedBytes out = new UnpackedBytes(size, size);
    new ZstdDecoder(packed, packed.length, out).decode();
    return Arrays.copyOf(out.backing(), out.size());
  }

  @Test
  void everyKindOfContentComesBack() throws CorruptPayloadException {
    Random random = new Random(21);
    for (int i = 0; i < 3000; i++) {
      int size = random.nextInt(i % 50 == 0 ? 600_000 : 5000);
      byte[] content = content(random, size);
      byte[] packed = ZstdEncoder.encode(content, size);
      assertThat(unpacked(packed, size)).as("case %d", i).isEqualTo(content);
    }
  }

  /** Bytes of a small or large alphabet, even or skewed, with more or fewer repetitions. */
  private static byte[] content(Random random, int size) {
    byte[] content = new byte[size];
    int first = random.nextInt(256);
    int alphabet = 1 + random.nextInt(256);
    int skew = 1 + random.nextInt(4);
    int repeats = random.nextInt(60);
    int at = 0;
    while (at < size) {
      if (at > 0 && random.nextInt(100) < repeats) {
        int distance = 1 + random.nextInt(at);
        int length = Math.min(size - at, 1 + random.nextInt(200));
        for (int i = 0; i < length; i++) {
          content[at + i] = content[at + i - distance];
        }
        at += length;
      } else {
        double value = Math.pow(random.nextDouble(), skew * 3);
        content[at++] = (byte) (first + (int) (value * alphabet));
      }
    }
    return content;
  }

  @Test
  void textGetsSmall() {
    byte[] text =
        "the same procedure as every year. "
            .repeat(4000)
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThat(ZstdEncoder.encode(text, text.length).length).isLessThan(200);
  }

  @Test
  void noiseGrowsByItsHeadersOnly() {
    byte[] noise = new byte[300_000];
    new Random(1).nextBytes(noise);
    assertThat(ZstdEncoder.encode(noise, noise.length).length).isLessThan(noise.length + 20);
  }
}
