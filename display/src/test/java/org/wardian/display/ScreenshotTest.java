package org.wardian.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ScreenshotTest {
  @Test
  void anotherReaderSeesTheSamePixels() throws IOException {
    for (int[] size : new int[][] {{1, 1}, {3, 700}, {641, 479}, {1920, 2}}) {
      PaintedScreen screen = PaintedScreen.pattern(size[0], size[1]);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      Screenshot.of(screen).writePng(bytes);
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes.toByteArray()));
      assertThat(image.getWidth()).isEqualTo(size[0]);
      assertThat(image.getHeight()).isEqualTo(size[1]);
      int[] pixels = image.getRGB(0, 0, size[0], size[1], null, 0, size[0]);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] &= 0xffffff;
      }
      assertThat(pixels).isEqualTo(screen.pixels());
    }
  }

  @Test
  void anEmptyScreenIsSmall() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Screenshot.of(new PaintedScreen(1024, 768)).writePng(bytes);
    assertThat(bytes.size()).isLessThan(10_000);
  }

  @Test
  void sizesMustFit() {
    assertThatThrownBy(() -> new Screenshot(2, 2, new int[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
