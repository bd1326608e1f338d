package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalProgressTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  private TerminalProgress progress(boolean terminal) {
    return new TerminalProgress(
        new PrintStream(out, true, StandardCharsets.UTF_8), terminal, nanos::get);
  }

  private String shown() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private void afterMillis(long millis) {
    nanos.addAndGet(millis * 1_000_000);
  }

  @Test
  void drawsOneLineAgainAndAgain() {
    TerminalProgress progress = progress(true);
    progress.fileStarted("linux-image-6.1.0-56-cloud-amd64_6.1.192-2_amd64.deb", 4 << 20);
    afterMillis(1000);
    progress.fileAdvanced(1 << 20);
    assertThat(shown())
        .endsWith(
            "\rlinux-image-6.1.0-56-clo..  25% [###.........]   1.0 MiB   1.0 MiB/s 0:03\033[K")
        .doesNotContain("\n");
    afterMillis(10);
    progress.fileAdvanced(2 << 20);
    assertThat(shown()).as("not redrawn within a tenth of a second").doesNotContain("50%");
    afterMillis(990);
    progress.fileAdvanced(4 << 20);
    progress.fileFinished();
    assertThat(shown()).contains("100% [############]").endsWith("\033[K" + System.lineSeparator());
  }

  @Test
  void neverExceedsANarrowTerminal() {
    TerminalProgress progress = progress(true);
    progress.fileStarted("x".repeat(200), Long.MAX_VALUE / 200);
    afterMillis(100);
    progress.fileAdvanced(Long.MAX_VALUE / 400);
    afterMillis(100_000_000);
    progress.fileAdvanced(1_000_000);
    for (String line : shown().split("\r")) {
      assertThat(line.replace("\033[K", "")).hasSizeLessThanOrEqualTo(79);
    }
  }

  @Test
  void showsFilesOfUnknownSize() {
    TerminalProgress progress = progress(true);
    progress.fileStarted("InRelease", -1);
    afterMillis(500);
    progress.fileAdvanced(512);
    assertThat(shown()).contains("512 B").doesNotContain("%");
  }

  @Test
  void endsTheLineBeforeSomethingElseIsWritten() {
    TerminalProgress progress = progress(true);
    progress.fileStarted("a", 10);
    progress.fileFailed();
    progress.note("note");
    assertThat(shown())
        .endsWith("\033[K" + System.lineSeparator() + "note" + System.lineSeparator());
  }

  @Test
  void writesOneLinePerFileWhereThereIsNoTerminal() {
    TerminalProgress progress = progress(false);
    progress.fileStarted("a.deb", 2048);
    afterMillis(1000);
    progress.fileAdvanced(2048);
    progress.fileFinished();
    assertThat(shown()).isEqualTo("fetched a.deb (2.0 KiB)" + System.lineSeparator());
  }

  @ParameterizedTest
  @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1.0 KiB", "1048575, 1.0 MiB", "14186432, 13.5 MiB"})
  void writesSizesInBinaryUnits(long count, String text) {
    assertThat(TerminalProgress.bytes(count)).isEqualTo(text);
  }

  @Test
  void drawsStepsByTheirPieces() {
    TerminalProgress progress = progress(true);
    progress.stepStarted("unpacking the packages", 200);
    afterMillis(1000);
    progress.stepAdvanced(100, "install: libc6:amd64");
    assertThat(shown())
        .endsWith("\runpacking the packages  50% [######......] install: libc6:amd64\033[K");
    afterMillis(1000);
    progress.stepAdvanced(150, "x".repeat(100));
    assertThat(shown().substring(shown().lastIndexOf('\r')))
        .hasSize("\r".length() + 79 + "\033[K".length());
    afterMillis(63_000);
    progress.stepFinished();
    assertThat(shown()).endsWith("\runpacking the packages (1:05)\033[K\n");
  }

  @Test
  void tellsOfFinishedStepsWhereThereIsNoTerminal() {
    TerminalProgress progress = progress(false);
    progress.stepStarted("finishing", 0);
    afterMillis(2000);
    progress.stepAdvanced(1, "x");
    progress.stepFinished();
    assertThat(shown()).isEqualTo("finishing (0:02)\n");
  }
}
