package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PanicWatchTest {
  private final PanicWatch watch = new PanicWatch();

  private boolean print(String output) {
    boolean end = false;
    for (byte b : output.getBytes(StandardCharsets.UTF_8)) {
      end |= watch.accept(b);
    }
    return end;
  }

  @Test
  void seesAKernelThatStandsForEver() {
    assertThat(print("[    1.25] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n"))
        .isFalse();
    assertThat(watch.panicked()).isTrue();
    assertThat(print("[    1.30] ---[ end Kernel panic - not syncing: VFS: Unable ]---\r\n"))
        .isTrue();
  }

  @Test
  void seesAKernelThatPrintsNoTimes() {
    assertThat(print("---[ end Kernel panic - not syncing: Attempted to kill init! ]---\n"))
        .isTrue();
  }

  @Test
  void isNotTakenInByTalkOfPanic() {
    assertThat(print("/ # echo Kernel panic - not syncing: no\r\n")).isFalse();
    assertThat(print("x".repeat(100_000) + "---[ end Kernel panic - not syncing\n")).isFalse();
    assertThat(watch.panicked()).isFalse();
  }
}
