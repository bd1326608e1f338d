package org.wardian.boot.payload;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.boot.Mutation;
import org.wardian.compression.CorruptPayloadException;

/** Damaged payloads: each unpacks, within the limit, or is refused. */
class PayloadFuzzTest {

  private static final int LIMIT = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    "sample.gz, 2000",
    "sample.bz2, 200",
    "sample.lzma, 200",
    "sample.xz, 500",
    "sample.lzo, 4000",
    "sample.lz4, 4000",
    "sample.zst, 4000",
    "fast.zst, 2000",
    "literals.zst, 2000",
  })
  void unpacksOrRefuses(String resource, int usual) {
    byte[] valid = SamplePayload.packed(resource);
    PayloadFormat format = PayloadFormat.detect(valid, 0, valid.length).orElseThrow();
    Mutation mutation = new Mutation(resource.hashCode());
    int refused = 0;
    int iterations = Mutation.iterations(usual);
    for (int i = 0; i < iterations; i++) {
      byte[] payload = mutation.apply(valid, 200);
      try {
        assertThat(format.unpack(payload, LIMIT).length).isLessThanOrEqualTo(LIMIT);
      } catch (CorruptPayloadException e) {
        assertThat(e.getMessage()).isNotBlank();
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(iterations / 4);
  }
}
