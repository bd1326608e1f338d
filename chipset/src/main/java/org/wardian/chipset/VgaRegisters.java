package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.Clock;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The registers of a VGA at ports 0x3b0 to 0x3df (IBM VGA XGA Technical Reference Manual, §2):
 * sequencer, CRT controller, graphics controller, attribute controller, colour look-up table. Its
 * adapter's monitor guards it.
 */
final class VgaRegisters {
  private static final int MISC_COLOUR = 0x01;
  private static final int CRTC_PROTECT = 0x80;
  private static final int STATUS_RETRACE = 0x08;
  private static final int STATUS_NOT_DISPLAYING = 0x01;

  private static final long FRAME = 1_000_000_000L / 70;
  private static final long LINE = 31_778;

  final int[] sequencer = new int[8];
  final int[] crtc = new int[32];
  final int[] graphics = new int[16];
  final int[] attribute = new int[32];

  /** 256 colours of red, green and blue, 6 or 8 bits each. */
  final int[] palette = new int[3 * 256];

  private final Clock clock;
  private int misc;
  private int feature;
  private int sequencerIndex;
  private int crtcIndex;
  private int graphicsIndex;
  private int attributeIndex;
  private boolean attributeData;
  private int pelMask;
  private int readIndex;
  private int writeIndex;
  private boolean reading;

  VgaRegisters(Clock clock) {
    this.clock = clock;
    reset();
  }

  void reset() {
    for (int[] registers : new int[][] {sequencer, crtc, graphics, attribute, palette}) {
      Arrays.fill(registers, 0);
    }
    misc = MISC_COLOUR;
    feature = 0;
    sequencerIndex = 0;
    crtcIndex = 0;
    graphicsIndex = 0;
    attributeIndex = 0;
    attributeData = false;
    pelMask = 0xff;
    readIndex = 0;
    writeIndex = 0;
    reading = false;
  }

  /** Whether the display shows anything: bit 5 of the attribute index. */
  boolean shown() {
    return (attributeIndex & 0x20) != 0;
  }

  int pelMask() {
    return pelMask;
  }

  /** Whether there are characters in the memory rather than pixels. */
  boolean text() {
    return (graphics[6] & 1) == 0;
  }

  /** Characters, or groups of eight pixels, in a row. */
  int columns() {
    return crtc[1] + 1;
  }

  /** Scan lines that are shown, repeated ones included. */
  int displayedLines() {
    return (crtc[0x12] | (crtc[7] & 0x02) << 7 | (crtc[7] & 0x40) << 3) + 1;
  }

  /** Scan lines of a character. */
  int cellHeight() {
    return (crtc[9] & 0x1f) + 1;
  }

  /** Rows of characters. */
  int textRows() {
    return Math.max(1, displayedLines() / cellHeight());
  }

  /** Where the picture begins in the memory's planes. */
  int startAddress() {
    return crtc[0x0c] << 8 | crtc[0x0d];
  }

  /** Where a row of characters begins in the memory's planes. */
  int rowAddress(int row) {
    return startAddress() + row * 2 * crtc[0x13];
  }

  /** Whether CRT controller and status answer at a port: those of colour or of monochrome. */
  private boolean other(int port) {
    boolean colour = (misc & MISC_COLOUR) != 0;
    return colour ? port >> 4 == 0x3b : port >> 4 == 0x3d;
  }

  /** Reads a port, 0x3b0 to 0x3df. */
  int read(int port) {
    if (other(port)) {
      return 0xff;
    }
    return switch (port) {
      case 0x3c0 -> attributeData ? 0 : attributeIndex;
      case 0x3c1 -> (attributeIndex & 0x1f) < 0x15 ? attribute[attributeIndex & 0x1f] : 0;
      case 0x3c2 -> 0x10; // a colour monitor is there
      case 0x3c4 -> sequencerIndex;
      case 0x3c5 -> sequencer[sequencerIndex];
      case 0x3c6 -> pelMask;
      case 0x3c7 -> reading ? 3 : 0;
      case 0x3c8 -> writeIndex / 3;
      case 0x3c9 -> {
        int value = palette[readIndex];
        readIndex = (readIndex + 1) % palette.length;
        yield value;
      }
      case 0x3ca -> feature;
      case 0x3cc -> misc;
      case 0x3ce -> graphicsIndex;
      case 0x3cf -> graphics[graphicsIndex];
      case 0x3b4, 0x3d4 -> crtcIndex;
      case 0x3b5, 0x3d5 -> crtcIndex < crtc.length ? crtc[crtcIndex] : 0xff;
      case 0x3ba, 0x3da -> {
        attributeData = false;
        yield status();
      }
      default -> 0xff;
    };
  }

  private int status() {
    long now = clock.nanoseconds();
    boolean vertical = now % FRAME > FRAME - FRAME / 16;
    boolean horizontal = now % LINE > LINE - LINE / 5;
    return (vertical ? STATUS_RETRACE : 0) | (vertical || horizontal ? STATUS_NOT_DISPLAYING : 0);
  }

  /** Writes a port, 0x3b0 to 0x3df. */
  void write(int port, int value) {
    if (other(port)) {
      return;
    }
    switch (port) {
      case 0x3c0 -> {
        if (attributeData) {
          writeAttribute(attributeIndex & 0x1f, value);
        } else {
          attributeIndex = value & 0x3f;
        }
        attributeData = !attributeData;
      }
      case 0x3c2 -> misc = value & ~0x10;
      case 0x3c4 -> sequencerIndex = value & 7;
      case 0x3c5 -> sequencer[sequencerIndex] = value;
      case 0x3c6 -> pelMask = value;
      case 0x3c7 -> {
        readIndex = 3 * value;
        reading = true;
      }
      case 0x3c8 -> {
        writeIndex = 3 * value;
        reading = false;
      }
      case 0x3c9 -> {
        palette[writeIndex] = value;
        writeIndex = (writeIndex + 1) % palette.length;
      }
      case 0x3ce -> graphicsIndex = value & 0xf;
      case 0x3cf -> graphics[graphicsIndex] = value;
      case 0x3b4, 0x3d4 -> crtcIndex = value;
      case 0x3b5, 0x3d5 -> writeCrtc(value);
      case 0x3ba, 0x3da -> feature = value & 0x10;
      default -> {}
    }
  }

  private void writeAttribute(int index, int value) {
    if (index < 0x15) {
      attribute[index] = index < 0x10 ? value & 0x3f : value;
    }
  }

  private void writeCrtc(int value) {
    if (crtcIndex >= crtc.length) {
      return;
    }
    if ((crtc[0x11] & CRTC_PROTECT) != 0 && crtcIndex <= 7) {
      if (crtcIndex == 7) {
        crtc[7] = crtc[7] & ~0x10 | value & 0x10;
      }
      return;
    }
    crtc[crtcIndex] = value;
  }

  void save(StateWriter out) {
    for (int[] registers : new int[][] {sequencer, crtc, graphics, attribute, palette}) {
      out.writeInts(registers);
    }
    out.writeInts(
        new int[] {
          misc,
          feature,
          sequencerIndex,
          crtcIndex,
          graphicsIndex,
          attributeIndex,
          pelMask,
          readIndex,
          writeIndex
        });
    out.writeBoolean(attributeData);
    out.writeBoolean(reading);
  }

  void load(StateReader in) {
    for (int[] registers : new int[][] {sequencer, crtc, graphics, attribute, palette}) {
      in.readInts(registers);
      for (int i = 0; i < registers.length; i++) {
        registers[i] &= 0xff;
      }
    }
    int[] fields = new int[9];
    in.readInts(fields);
    misc = fields[0] & 0xff;
    feature = fields[1] & 0xff;
    sequencerIndex = fields[2] & 7;
    crtcIndex = fields[3] & 0xff;
    graphicsIndex = fields[4] & 0xf;
    attributeIndex = fields[5] & 0x3f;
    pelMask = fields[6] & 0xff;
    readIndex = Math.clamp(fields[7], 0, palette.length - 1);
    writeIndex = Math.clamp(fields[8], 0, palette.length - 1);
    attributeData = in.readBoolean();
    reading = in.readBoolean();
  }
}
