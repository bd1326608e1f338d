package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ZeroRunsTest {
  private static final class Recorder implements ZeroRuns.Taker {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private long skipped;

    @Override
    public void data(byte[] bytes, int offset, int length) {
      content.write(bytes, offset, length);
    }

    @Override
    public void zeros(long length) {
      content.writeBytes(new byte[(int) length]);
      skipped += length;
    }
  }

  private static Recorder pass(byte[] content, boolean apart) throws Exception {
    Recorder recorder = new Recorder();
    ZeroRuns.pass(new ByteArrayInputStream(content), apart, recorder);
    return recorder;
  }

  @Test
  void whateverTheContentNothingIsLostAndOnlyZerosAreSkipped() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 200; round++) {
      byte[] content = new byte[random.nextInt(6 * ZeroRuns.BLOCK)];
      for (int i = random.nextInt(8); i > 0 && content.length > 0; i--) {
        content[random.nextInt(content.length)] = 1;
      }

      assertThat(pass(content, true).content.toByteArray()).isEqualTo(content);
      assertThat(pass(content, false).skipped).isZero();
    }
  }

  @Test
  void aBlockOfZerosIsSkippedAndOneWithAnyBitIsNot() throws Exception {
    byte[] content = new byte[4 * ZeroRuns.BLOCK + 100];
    assertThat(pass(content, true).skipped).isEqualTo(content.length);

    content[2 * ZeroRuns.BLOCK - 1] = 1;
    content[3 * ZeroRuns.BLOCK] = 1;

    assertThat(pass(content, true).skipped).isEqualTo(2L * ZeroRuns.BLOCK + 100);
  }
}
