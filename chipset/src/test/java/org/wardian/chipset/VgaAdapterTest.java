package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.display.Screen;
import org.wardian.memory.GuestMemory;

class VgaAdapterTest {
  private final PcDevices pc = new PcDevices().configured();
  private final Seen seen = new Seen();
  private final Screen.Viewer viewer = pc.vga.screen().view();

  @AfterEach
  void close() {
    viewer.close();
    pc.close();
  }

  /** What a viewer was shown. */
  private static final class Seen implements Screen.Painter {
    int width;
    int height;
    int[] pixels = {};
    int rectangles;
    String last = "";

    @Override
    public void size(int newWidth, int newHeight, boolean resized) {
      if (resized) {
        width = newWidth;
        height = newHeight;
        pixels = new int[width * height];
      }
    }

    @Override
    public void rectangle(int x, int y, int w, int h, int[] from, int stride) {
      rectangles++;
      last = x + "," + y + " " + w + "x" + h;
      for (int row = y; row < y + h; row++) {
        System.arraycopy(from, row * stride + x, pixels, row * width + x, w);
      }
    }

    int at(int x, int y) {
      return pixels[y * width + x];
    }
  }

  private void indexed(int port, int... values) {
    for (int i = 0; i < values.length; i++) {
      pc.out(port, i);
      pc.out(port + 1, values[i]);
    }
  }

  private void attributes(int mode) {
    pc.in(0x3da);
    for (int i = 0; i < 16; i++) {
      pc.out(0x3c0, i);
      pc.out(0x3c0, i);
    }
    for (int value : new int[] {0x10, mode, 0x12, 0xf, 0x20}) {
      pc.out(0x3c0, value);
    }
    pc.out(0x3c8, 0);
    for (int i = 0; i < 256; i++) {
      pc.out(0x3c9, i & 0x3f);
      pc.out(0x3c9, i >> 2);
      pc.out(0x3c9, i == 7 ? 0x3f : 0);
    }
  }

  private void crtc(int columns, int lines, int lineHeight, int offset) {
    int overflow = (lines - 1 >> 8 & 1) << 1 | (lines - 1 >> 9 & 1) << 6;
    int[] values = new int[0x18];
    values[1] = columns - 1;
    values[7] = overflow;
    values[9] = lineHeight - 1;
    values[0x0a] = 0x20;
    values[0x12] = lines - 1 & 0xff;
    values[0x13] = offset;
    values[0x17] = 0xe3;
    indexed(0x3d4, values);
  }

  @Test
  void textIsDrawnWithTheFontOfPlaneTwo() {
    attributes(0);
    // A glyph: code 1, its first line 0x81. The font is written through plane 2.
    indexed(0x3c4, 3, 1, 4, 0, 4);
    indexed(0x3ce, 0, 0, 0, 0, 0, 0, 4, 0, 0xff);
    pc.mmio.write(0xa0000 + 32, 1, 0x81);
    indexed(0x3c4, 3, 1, 3, 0, 2);
    indexed(0x3ce, 0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff);
    crtc(80, 400, 16, 40);
    pc.mmio.write(0xb8000 + 2 * 81, 2, 0x1701);
    assertThat(viewer.changes(seen, false)).isTrue();
    assertThat(seen.width).isEqualTo(640);
    assertThat(seen.height).isEqualTo(400);
    int grey = 7 << 2 << 16 | 1 << 2 << 8 | 0xff;
    int blue = 1 << 2 << 16;
    assertThat(seen.at(8, 16)).isEqualTo(grey);
    assertThat(seen.at(9, 16)).isEqualTo(blue);
    assertThat(seen.at(15, 16)).isEqualTo(grey);
    assertThat(seen.at(8, 17)).isEqualTo(blue);
    assertThat(pc.mmio.read(0xb8000 + 2 * 81, 2)).isEqualTo(0x1701);
  }

  @Test
  void onlyWhatChangedIsPaintedAgain() {
    textIsDrawnWithTheFontOfPlaneTwo();
    assertThat(viewer.changes(seen, false)).isFalse();
    pc.mmio.write(0xb8000 + 2 * 162, 2, 0x1701);
    seen.rectangles = 0;
    assertThat(viewer.changes(seen, false)).isTrue();
    assertThat(seen.rectangles).isEqualTo(1);
    assertThat(seen.last).isEqualTo("16,32 8x16");
    assertThat(viewer.changes(seen, true)).isTrue();
  }

  @Test
  void textIsReadAsCodePage437() {
    textIsDrawnWithTheFontOfPlaneTwo();
    pc.mmio.write(0xb8000 + 2 * 82, 8, 0x07b1_0741_0780_0700L);
    assertThat(pc.vga.screen().text())
        .hasSize(25)
        .allMatch(row -> row.length() == 80)
        .element(1)
        .asString()
        .startsWith(" ☺ ÇA▒  ");
    sixteenColours();
    assertThat(pc.vga.screen().text()).as("a picture has no characters").isEmpty();
  }

  private void sixteenColours() {
    attributes(1);
    indexed(0x3c4, 3, 1, 0xf, 0, 6);
    indexed(0x3ce, 0, 0, 0, 0, 0, 0, 5, 0xf, 0xff);
    crtc(80, 480, 1, 40);
  }

  @Test
  void planesMakeSixteenColours() {
    sixteenColours();
    // Set/reset writes colour 5 where the bit mask lets it.
    indexed(0x3ce, 5, 0xf, 0, 0, 0, 0, 5, 0xf, 0x81);
    pc.mmio.read(0xa0000 + 80, 1);
    pc.mmio.write(0xa0000 + 80, 1, 0);
    viewer.changes(seen, false);
    assertThat(seen.width).isEqualTo(640);
    assertThat(seen.height).isEqualTo(480);
    assertThat(seen.at(0, 1)).isEqualTo(5 << 2 << 16 | 1 << 2 << 8);
    assertThat(seen.at(1, 1)).isZero();
    assertThat(seen.at(7, 1)).isEqualTo(seen.at(0, 1));
  }

  @Test
  void writeModesAndReadModes() {
    sixteenColours();
    pc.out(0x3ce, 5);
    pc.out(0x3cf, 2);
    pc.mmio.write(0xa0000, 1, 0x9);
    pc.out(0x3cf, 0);
    assertThat(pc.mmio.read(0xa0000, 1)).as("plane 0").isEqualTo(0xff);
    pc.out(0x3cf, 1);
    pc.mmio.write(0xa0001, 1, 0);
    pc.out(0x3cf, 8);
    pc.out(0x3ce, 2);
    pc.out(0x3cf, 9);
    assertThat(pc.mmio.read(0xa0001, 1)).as("colour 9 by latches").isEqualTo(0xff);
    pc.out(0x3cf, 1);
    assertThat(pc.mmio.read(0xa0001, 1)).isZero();
    // Exclusive or of what is there.
    indexed(0x3ce, 0, 0, 0, 0x18, 0, 0, 5, 0xf, 0xff);
    pc.mmio.read(0xa0001, 1);
    pc.mmio.write(0xa0001, 1, 0x0f);
    assertThat(pc.mmio.read(0xa0001, 1)).isEqualTo(0xf0);
  }

  @Test
  void chainedBytesMake256Colours() {
    attributes(0x41);
    indexed(0x3c4, 3, 1, 0xf, 0, 0xe);
    indexed(0x3ce, 0, 0, 0, 0, 0, 0x40, 5, 0xf, 0xff);
    crtc(80, 400, 2, 40);
    pc.mmio.write(0xa0000 + 320 * 3 + 2, 1, 200);
    viewer.changes(seen, false);
    assertThat(seen.width).isEqualTo(320);
    assertThat(seen.height).isEqualTo(200);
    assertThat(seen.at(2, 3)).isEqualTo((200 & 0x3f) << 2 << 16 | (50 << 2 | 50 >> 4) << 8);
  }

  private void vbe(int index, int value) {
    pc.ports.write(0x1ce, 2, index);
    pc.ports.write(0x1cf, 2, value);
  }

  private int vbe(int index) {
    pc.ports.write(0x1ce, 2, index);
    return (int) pc.ports.read(0x1cf, 2);
  }

  @Test
  void aLinearFrameBufferIsGuestMemory() {
    vbe(1, 320);
    vbe(2, 200);
    vbe(3, 32);
    vbe(4, 0x41);
    GuestMemory.Region region = pc.memory.region(PcDevices.FRAME_BUFFER);
    assertThat(region.size()).isEqualTo(PcDevices.VIDEO_MEMORY);
    pc.poke(PcDevices.FRAME_BUFFER + 4 * (320 * 10 + 7), 0x00abcdef);
    viewer.changes(seen, false);
    assertThat(seen.width).isEqualTo(320);
    assertThat(seen.at(7, 10)).isEqualTo(0xabcdef);
    assertThat(vbe(0)).isEqualTo(0xb0c5);
    assertThat(vbe(10)).isEqualTo(PcDevices.VIDEO_MEMORY >> 16);
    assertThat(pc.mmio.read(0xc0000000L, 1)).isEqualTo(0xff);
  }

  @Test
  void theFrameBufferMovesWithItsContent() {
    pc.poke(PcDevices.FRAME_BUFFER + 16, 0x11223344);
    pc.vga.writeConfig(0x10, 4, 0xd0000000);
    assertThat(pc.memory.region(PcDevices.FRAME_BUFFER)).isNull();
    assertThat(pc.peek(0xd0000010L)).isEqualTo(0x11223344);
    pc.vga.writeConfig(0x10, 4, 0);
    assertThat(pc.memory.region(0xd0000000L)).isNull();
    pc.vga.writeConfig(0x10, 4, 0xd0000000);
    assertThat(pc.peek(0xd0000010L)).isEqualTo(0x11223344);
  }

  @Test
  void aFrameBufferInWhichNobodyHasDrawnIsNotTakenFromTheHost() {
    assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")), "the host does not tell");
    long end = PcDevices.FRAME_BUFFER + PcDevices.VIDEO_MEMORY;
    // The planes lie at its beginning.
    assertThat(pc.memory.nextData(end - (256 << 10))).isEqualTo(end);
  }

  @Test
  void modesThatDoNotFitAreRefused() {
    vbe(1, 2048);
    vbe(2, 2048);
    vbe(3, 32);
    vbe(4, 1);
    assertThat(vbe(4) & 1).isZero();
    vbe(4, 2);
    assertThat(vbe(1)).as("capabilities").isEqualTo(4096);
  }

  @Test
  void sixteenBitPixelsAndPanning() {
    vbe(1, 320);
    vbe(2, 200);
    vbe(3, 16);
    vbe(4, 0x41);
    vbe(6, 400);
    vbe(8, 10);
    vbe(9, 2);
    pc.poke(PcDevices.FRAME_BUFFER + 2 * (400 * 2 + 10), 0xf800);
    viewer.changes(seen, false);
    assertThat(seen.at(0, 0)).isEqualTo(0xff0000);
  }

  @Test
  void showsTextWithoutABios() {
    byte[] rom = new byte[9000];
    Arrays.fill(rom, (byte) 0x55);
    assertThat(pc.vga.showText(rom)).as("no font").isFalse();
    assertThat(pc.vga.screen().text()).as("not programmed").hasSize(1);
    int letterA = 1234 + 'A' * 16;
    int[] lines = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6, 0, 0, 0, 0};
    for (int line = 0; line < 16; line++) {
      rom[letterA + line] = (byte) lines[line];
    }
    assertThat(pc.vga.showText(Arrays.copyOf(rom, 1234 + 4095))).as("half a font").isFalse();
    assertThat(pc.vga.showText(rom)).isTrue();

    assertThat(pc.vga.screen().text()).hasSize(25).allMatch(String::isBlank);
    pc.mmio.write(0xb8000 + 2 * (80 + 2), 1, 'A');
    assertThat(pc.vga.screen().text().get(1)).startsWith("  A");
    assertThat(viewer.changes(seen, true)).isTrue();
    assertThat(seen.width).isEqualTo(720);
    assertThat(seen.height).isEqualTo(400);
    assertThat(seen.at(2 * 9 + 3, 16 + 2)).isEqualTo(0xaaaaaa);
    assertThat(seen.at(2 * 9 + 2, 16 + 2)).isZero();
    assertThat(seen.at(2 * 9, 16 + 7)).isEqualTo(0xaaaaaa);
  }
}
