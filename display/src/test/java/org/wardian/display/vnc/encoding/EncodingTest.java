package org.wardian.display.vnc.encoding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.display.PaintedScreen;
import org.wardian.display.vnc.RfbException;

/** What an encoder writes, a viewer reads as the same pixels. */
class EncodingTest {
  static Stream<Supplier<RectangleEncoder>> encoders() {
    return Stream.of(RawEncoder::new, HextileEncoder::new, TightEncoder::new, ZrleEncoder::new);
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void theSamePixelsInAllFormats(Supplier<RectangleEncoder> make) throws IOException {
    for (byte[] wire : Formats.ALL) {
      PixelFormat format = PixelFormat.read(wire);
      RectangleDecoder decoder = new RectangleDecoder(wire);
      Random random = new Random(11);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      RfbOutput out = new RfbOutput(Channels.newChannel(bytes));
      try (RectangleEncoder encoder = make.get()) {
        for (int round = 0; round < 40; round++) {
          int width = 1 + random.nextInt(round % 8 == 0 ? 700 : 90);
          int height = 1 + random.nextInt(90);
          int[] pixels = picture(width, height, random);
          format.translate(pixels, pixels.length);
          encoder.level(random.nextInt(10));
          encoder.encode(pixels.clone(), width, height, format, out);
          out.flush();
          DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
          assertThat(decoder.read(encoder.number(), width, height, in)).isEqualTo(pixels);
          assertThat(in.available()).as("bytes too many").isZero();
          bytes.reset();
        }
      }
    }
  }

  /** Flat, of a few or many colours, runs, noise; parts of it mixed. */
  private static int[] picture(int width, int height, Random random) {
    PaintedScreen screen = new PaintedScreen(width, height);
    int parts = random.nextInt(6);
    for (int i = 0; i < parts; i++) {
      int x = random.nextInt(width);
      int y = random.nextInt(height);
      int w = 1 + random.nextInt(width - x);
      int h = 1 + random.nextInt(height - y);
      if (random.nextBoolean()) {
        screen.fill(x, y, w, h, random.nextInt(1 << 24));
      } else {
        int[] colours = {2, 3, 5, 17, 126, 300, 5000};
        screen.noise(x, y, w, h, colours[random.nextInt(colours.length)], random);
      }
    }
    return screen.pixels();
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void theLargestRectangles(Supplier<RectangleEncoder> make) throws IOException {
    int width = RectangleEncoder.WIDEST;
    int height = RectangleEncoder.LARGEST / width;
    PixelFormat format = PixelFormat.SERVER;
    PaintedScreen screen = new PaintedScreen(width, height);
    screen.noise(0, 0, width, height, 1 << 16, new Random(3));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    RfbOutput out = new RfbOutput(Channels.newChannel(bytes));
    try (RectangleEncoder encoder = make.get()) {
      encoder.encode(screen.pixels(), width, height, format, out);
      out.flush();
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
      int[] read = new RectangleDecoder(format.wire()).read(encoder.number(), width, height, in);
      assertThat(read).isEqualTo(screen.pixels());
    }
  }

  @Test
  void compressionMakesTextSmall() throws IOException {
    int[] pixels = new int[256 * 128];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i * 31 % 97 < 11 ? 0xaaaaaa : 0;
    }
    assertThat(length(new TightEncoder(), pixels)).isLessThan(5000);
    assertThat(length(new ZrleEncoder(), pixels)).isLessThan(5000);
    assertThat(length(new TightEncoder(), new int[256 * 128])).isEqualTo(4);
  }

  private static int length(RectangleEncoder encoder, int[] pixels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    RfbOutput out = new RfbOutput(Channels.newChannel(bytes));
    try (encoder) {
      encoder.encode(pixels.clone(), 256, pixels.length / 256, PixelFormat.SERVER, out);
    }
    out.flush();
    return bytes.size();
  }

  @Test
  void coloursAreRounded() throws IOException {
    PixelFormat format = PixelFormat.read(Formats.format(16, 16, false, 31, 63, 31, 11, 5, 0));
    assertThat(format.pixel(0xffffff)).isEqualTo(0xffff);
    assertThat(format.pixel(0x000000)).isZero();
    assertThat(format.pixel(0xff0000)).isEqualTo(0xf800);
    assertThat(format.pixel(0x00ff00)).isEqualTo(0x07e0);
    assertThat(format.pixel(0x0000ff)).isEqualTo(0x001f);
    assertThat(format.wire()).isEqualTo(Formats.format(16, 16, false, 31, 63, 31, 11, 5, 0));
  }

  @Test
  void aColourMapIsServedAsAFixedOne() throws IOException {
    byte[] wire = new byte[16];
    wire[0] = 8;
    wire[1] = 8;
    PixelFormat format = PixelFormat.read(wire);
    assertThat(format.mapped()).isTrue();
    for (int index = 0; index < 256; index++) {
      assertThat(format.pixel(PixelFormat.mapColour(index))).isEqualTo(index);
    }
  }

  @Test
  void formatsThatNoPixelCanHaveAreRefused() {
    byte[][] bad = {
      Formats.format(24, 24, false, 255, 255, 255, 16, 8, 0),
      Formats.format(0, 0, false, 255, 255, 255, 16, 8, 0),
      Formats.format(16, 24, false, 31, 63, 31, 11, 5, 0),
      Formats.format(32, 0, false, 255, 255, 255, 16, 8, 0),
      Formats.format(32, 24, false, 255, 255, 255, 25, 8, 0),
      Formats.format(32, 24, false, 255, 255, 255, 200, 8, 0),
      Formats.format(32, 24, false, 0, 255, 255, 16, 8, 0),
      Formats.format(8, 8, false, 65535, 7, 3, 0, 3, 6),
    };
    for (byte[] wire : bad) {
      assertThatThrownBy(() -> PixelFormat.read(wire)).isInstanceOf(RfbException.class);
    }
  }
}
