package org.wardian.boot.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.compression.CorruptPayloadException;

class PayloadFormatTest {

  private static final int LIMIT = 1 << 20;

  private static byte[] unpack(byte[] payload, int limit) throws CorruptPayloadException {
    return PayloadFormat.detect(payload, 0, payload.length).orElseThrow().unpack(payload, limit);
  }

  @ParameterizedTest
  @CsvSource({
    "sample.gz, GZIP",
    "sample.bz2, BZIP2",
    "sample.lzma, LZMA",
    "sample.xz, XZ",
    "sample.lzo, LZO",
    "sample.lz4, LZ4",
    "sample.zst, ZSTD",
    "fast.zst, ZSTD",
    "literals.zst, ZSTD",
  })
  void unpacksWhatTheReferenceToolPacked(String resource, PayloadFormat format) throws Exception {
    byte[] payload = SamplePayload.packed(resource);
    assertThat(PayloadFormat.detect(payload, 0, payload.length)).contains(format);
    assertThat(unpack(payload, LIMIT)).isEqualTo(SamplePayload.bytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sample.gz",
        "sample.bz2",
        "sample.lzma",
        "sample.xz",
        "sample.lzo",
        "sample.lz4",
        "sample.zst"
      })
  void refusesLiesAboutTheSize(String resource) {
    byte[] payload = SamplePayload.packed(resource);
    for (int size : new int[] {0, 1000, 142_003, 142_005, LIMIT}) {
      assertThatThrownBy(() -> unpack(withSize(payload, size), LIMIT))
          .isInstanceOf(CorruptPayloadException.class);
    }
    // Nothing is allocated for a size beyond the limit.
    for (int size : new int[] {LIMIT + 1, Integer.MAX_VALUE, -1}) {
      assertThatThrownBy(() -> unpack(withSize(payload, size), LIMIT))
          .isInstanceOf(CorruptPayloadException.class)
          .hasMessageContaining("more than the 1048576 allowed");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sample.gz",
        "sample.bz2",
        "sample.lzma",
        "sample.xz",
        "sample.lzo",
        "sample.lz4",
        "sample.zst"
      })
  void refusesTruncatedData(String resource) {
    byte[] payload = SamplePayload.packed(resource);
    PayloadFormat format = PayloadFormat.detect(payload, 0, payload.length).orElseThrow();
    for (int length : new int[] {6, 20, 100, payload.length / 2, payload.length - 12}) {
      byte[] shorter = withSize(Arrays.copyOf(payload, length), SamplePayload.bytes().length);
      assertThatThrownBy(() -> format.unpack(shorter, LIMIT))
          .isInstanceOf(CorruptPayloadException.class);
    }
  }

  @Test
  void leavesElfAsItIs() throws Exception {
    byte[] elf = SamplePayload.bytes();
    assertThat(PayloadFormat.detect(elf, 0, elf.length)).contains(PayloadFormat.NONE);
    assertThat(unpack(elf, LIMIT)).isSameAs(elf);
    assertThat(PayloadFormat.NONE.label()).isEqualTo("uncompressed");
  }

  @Test
  void knowsNothingElse() {
    assertThat(PayloadFormat.detect(new byte[100], 0, 100)).isEmpty();
    assertThat(PayloadFormat.detect(SamplePayload.packed("sample.xz"), 0, 5)).isEmpty();
  }

  @Test
  void checksumsCount() {
    // The last bytes of frame and block data, just before the checksum or the end mark.
    byte[] zstd = SamplePayload.packed("sample.zst");
    zstd[zstd.length - 6] ^= 1;
    assertThatThrownBy(() -> unpack(zstd, LIMIT)).hasMessageContaining("checksum");
    byte[] lzo = SamplePayload.packed("sample.lzo");
    int literal = indexOf(lzo, new byte[] {1, 2, 3, 4});
    lzo[literal] ^= 1;
    assertThatThrownBy(() -> unpack(lzo, LIMIT)).hasMessageContaining("checksum");
  }

  private static int indexOf(byte[] data, byte[] wanted) {
    for (int i = 0; i + wanted.length <= data.length; i++) {
      if (Arrays.equals(data, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  private static byte[] withSize(byte[] payload, int size) {
    byte[] copy = payload.clone();
    for (int i = 0; i < 4; i++) {
      copy[copy.length - 4 + i] = (byte) (size >>> 8 * i);
    }
    return copy;
  }
}
