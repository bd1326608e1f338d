package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class DiskProgressTest {
  private static final long SECOND = 1_000_000_000L;

  private final StringWriter text = new StringWriter();
  private long now;

  private DiskProgress progress(boolean bar, boolean lines) {
    return new DiskProgress(
        new PrintWriter(text), "/a/folder/with/a/long/name/disk.qcow2", bar, lines, () -> now);
  }

  @Test
  void drawsABarThatFitsALine() {
    try (DiskProgress progress = progress(true, true)) {
      assertThat(progress.at(0, 4L << 40)).isTrue();
      now += 100 * SECOND;
      progress.at(1L << 40, 4L << 40);
      progress.at((1L << 40) + 1, 4L << 40); // too soon to be drawn
    }
    String[] drawn = text.toString().split("\r");
    assertThat(drawn).hasSize(3);
    assertThat(drawn[2]).contains(" 25% [###.........]").contains("1 TiB").contains("0:05:00");
    assertThat(drawn[2].strip().replace("\033[K", "")).hasSizeLessThan(80);
    assertThat(drawn[2]).endsWith("\n");
  }

  @Test
  void printsALineForEachTenth() {
    try (DiskProgress progress = progress(false, true)) {
      for (int i = 0; i <= 100; i++) {
        progress.at(i, 100);
      }
    }
    assertThat(text.toString().lines()).hasSize(10).last().asString().endsWith("100 %");
  }

  @Test
  void isSilentUnlessAsked() {
    try (DiskProgress progress = progress(false, false)) {
      progress.at(1, 2);
    }
    assertThat(text.toString()).isEmpty();
  }
}
