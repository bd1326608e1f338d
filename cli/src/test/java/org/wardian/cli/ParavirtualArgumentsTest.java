package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** {@code --rng}, {@code --balloon}, {@code --vsock} and {@code --input}. */
class ParavirtualArgumentsTest {
  private static final long MEMORY = 512L << 20;

  @Test
  void randomNumbersAreOnOffOrLimited() {
    assertThat(RngArgument.parse("on").wanted()).isTrue();
    assertThat(RngArgument.parse("off").wanted()).isFalse();
    assertThat(RngArgument.parse("64K").bytesPerSecond()).isEqualTo(64 << 10);
    assertThatThrownBy(() -> RngArgument.parse("maybe")).hasMessageContaining("not a size");
  }

  @Test
  void aBalloonTakesLessThanThereIs() {
    assertThat(BalloonArgument.parse("", MEMORY).taken()).isZero();
    assertThat(BalloonArgument.parse("128M", MEMORY).taken()).isEqualTo(128 << 20);
    assertThatThrownBy(() -> BalloonArgument.parse("1G", MEMORY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1G")
        .hasMessageContaining("512M");
  }

  @Test
  void whatMakesNoSenseIsRefusedInOneLine() {
    assertThat(refusal("--input", "mouse")).contains("--vnc");
    assertThat(refusal("--rng", "maybe")).contains("maybe");
    assertThat(refusal("--balloon", "4G")).contains("4G", "512M");
    assertThat(refusal("--console", "usb")).contains("serial, virtio");
    assertThat(refusal("--vsock", "v,cid=2")).contains("3 to 4294967294");
    assertThat(refusal("--vsock", ",cid=3")).contains("no file");
    assertThat(refusal("--share", ",readonly")).contains("no folder");
  }

  private static String refusal(String... words) {
    String[] arguments = new String[words.length + 1];
    arguments[0] = "run";
    System.arraycopy(words, 0, arguments, 1, words.length);
    WardRun run = WardRun.of(arguments);
    assertThat(run.status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(run.err()).startsWith("ward: ").hasLineCount(1);
    return run.err();
  }
}
