package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

class FloppyControllerTest {
  private static final int BUFFER = 0x30000;

  private final PcDevices pc = new PcDevices();
  private final RecordedLine line = pc.lines[FloppyController.INTERRUPT];

  @AfterEach
  void close() {
    pc.close();
  }

  @BeforeEach
  void reset() {
    pc.out(0x3f2, 0x08);
    pc.out(0x3f2, 0x1c);
    assertThat(line.level).isTrue();
    for (int drive = 0; drive < 4; drive++) {
      assertThat(command(new int[] {8}, 2)).containsExactly(0xc0 | drive, 0);
    }
    command(new int[] {3, 0xdf, 2}, 0);
    assertThat(command(new int[] {7, 0}, 0)).isEmpty();
    assertThat(command(new int[] {8}, 2)).containsExactly(0x20, 0);
  }

  private int[] command(int[] bytes, int results) {
    for (int value : bytes) {
      assertThat(pc.in(0x3f4) & 0xc0).as("takes a byte").isEqualTo(0x80);
      pc.out(0x3f5, value);
    }
    int[] result = new int[results];
    for (int i = 0; i < results; i++) {
      assertThat(pc.in(0x3f4) & 0xd0).as("has a byte").isEqualTo(0xd0);
      result[i] = pc.in(0x3f5);
    }
    assertThat(pc.in(0x3f4)).as("done").isEqualTo(0x80);
    return result;
  }

  /** Programs DMA channel 2: mode 0x46 goes to memory, 0x4a comes from there. */
  private void dma(int mode, int length) {
    pc.out(0x0a, 6);
    pc.out(0x0c, 0);
    pc.out(0x0b, mode);
    pc.out(0x04, BUFFER & 0xff);
    pc.out(0x04, BUFFER >> 8 & 0xff);
    pc.out(0x81, BUFFER >> 16);
    pc.out(0x05, length - 1 & 0xff);
    pc.out(0x05, length - 1 >> 8);
    pc.out(0x0a, 2);
  }

  private void seek(int cylinder, int head) {
    command(new int[] {0x0f, head << 2, cylinder}, 0);
    command(new int[] {8}, 2);
  }

  @Test
  void sectorsAreRead() {
    seek(3, 1);
    dma(0x46, 1024);
    line.takeEdges();
    int[] result = command(new int[] {0xe6, 4, 3, 1, 5, 2, 18, 0x1b, 0xff}, 7);
    assertThat(result).containsExactly(4, 0, 0, 3, 1, 7, 2);
    assertThat(line.takeEdges()).isEqualTo(1);
    int start = 512 * ((3 * 2 + 1) * 18 + 4);
    byte[] expected = Arrays.copyOfRange(pc.floppyDisk.content, start, start + 1024);
    assertThat(pc.peek(BUFFER, 1024)).isEqualTo(expected);
  }

  @Test
  void aTransferGoesOnOnTheOtherSide() {
    dma(0x46, 36 * 512);
    int[] result = command(new int[] {0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7);
    assertThat(result).containsExactly(0, 0, 0, 1, 0, 1, 2);
    assertThat(pc.peek(BUFFER, 36 * 512)).isEqualTo(Arrays.copyOf(pc.floppyDisk.content, 18432));
  }

  @Test
  void sectorsAreWritten() {
    pc.poke(BUFFER, 0x12345678);
    seek(79, 0);
    dma(0x4a, 512);
    assertThat(command(new int[] {0xc5, 0, 79, 0, 18, 2, 18, 0x1b, 0xff}, 7)[0]).isZero();
    assertThat(pc.floppyDisk.sector(79 * 36 + 17)).startsWith(0x78, 0x56, 0x34, 0x12);
  }

  /** Drivers compute from it what was done; without the multi-track bit, the head stays. */
  @Test
  void thePlaceBehindATrackDependsOnTheMultiTrackBit() {
    seek(1, 1);
    dma(0x4a, 18 * 512);
    assertThat(command(new int[] {0x45, 4, 1, 1, 1, 2, 18, 0x1b, 0xff}, 7))
        .containsExactly(4, 0, 0, 2, 1, 1, 2);
    dma(0x46, 18 * 512);
    assertThat(command(new int[] {0xe6, 4, 1, 1, 1, 2, 18, 0x1b, 0xff}, 7))
        .containsExactly(4, 0, 0, 2, 0, 1, 2);
    dma(0x46, 512);
    assertThat(command(new int[] {0x66, 0, 1, 0, 18, 2, 18, 0x1b, 0xff}, 7))
        .containsExactly(0, 0, 0, 2, 0, 1, 2);
    dma(0x46, 512);
    assertThat(command(new int[] {0xe6, 0, 1, 0, 18, 2, 18, 0x1b, 0xff}, 7))
        .containsExactly(0, 0, 0, 1, 1, 1, 2);
  }

  @Test
  void aProtectedDiskIsNotWritten() {
    pc.floppyDisk.readOnly = true;
    dma(0x4a, 512);
    int[] result = command(new int[] {0xc5, 0, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7);
    assertThat(result).startsWith(0x40, 2);
    assertThat(command(new int[] {4, 0}, 1)[0] & 0x40).isNotZero();
  }

  @Test
  void sectorsThatDoNotExistAreNotFound() {
    dma(0x46, 512);
    int[] result = command(new int[] {0xe6, 0, 0, 0, 19, 2, 18, 0x1b, 0xff}, 7);
    assertThat(result).startsWith(0x40, 4);
    result = command(new int[] {0xe6, 1, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7);
    assertThat(result[0]).as("no second drive").isEqualTo(0x49);
  }

  @Test
  void aTrackIsFormatted() {
    seek(2, 1);
    dma(0x4a, 72);
    assertThat(command(new int[] {0x4d, 4, 2, 18, 0x54, 0xf6}, 7)[0]).isEqualTo(4);
    assertThat(pc.floppyDisk.sector((2 * 2 + 1) * 18)).containsOnly(0xf6);
    assertThat(pc.floppyDisk.sector((2 * 2 + 1) * 18 + 17)).containsOnly(0xf6);
    assertThat(pc.floppyDisk.sector((2 * 2 + 2) * 18)).isNotEqualTo(new byte[512]);
  }

  @Test
  void aTrackOfADiskThatIsTakenOutMeanwhileIsNotFormatted() {
    command(new int[] {3, 0xdf, 3}, 0);
    for (int value : new int[] {0x4d, 0, 2, 18, 0x54, 0xf6}) {
      pc.out(0x3f5, value);
    }
    for (int i = 0; i < 4 * 18; i++) {
      assertThat(pc.in(0x3f4)).as("takes a byte of data").isEqualTo(0xb0);
      if (i == 4 * 18 - 1) {
        pc.floppyDisk.eject();
      }
      pc.out(0x3f5, 0);
    }
    assertThat(command(new int[0], 7)).startsWith(0x48, 4);
  }

  @Test
  void aTransferMovesThoughItsDiskHasBeenTakenOut() {
    command(new int[] {3, 0xdf, 3}, 0);
    for (int value : new int[] {0xe6, 0, 0, 0, 2, 2, 2, 0x1b, 0xff}) {
      pc.out(0x3f5, value);
    }
    pc.in(0x3f5);
    pc.floppyDisk.eject();
    StateWriter state = new StateWriter();
    pc.floppy.save(state);
    try (PcDevices other = new PcDevices()) {
      other.floppyDisk.eject();
      other.floppy.load(new StateReader(state.toByteArray()));
      for (int i = 1; i < 512; i++) {
        assertThat(other.in(0x3f4) & 0xf0).isEqualTo(0xf0);
        assertThat((byte) other.in(0x3f5)).isEqualTo(pc.floppyDisk.sector(1)[i]);
      }
      assertThat(other.in(0x3f4) & 0xd0).as("has a result").isEqualTo(0xd0);
    }
  }

  @Test
  void programmedTransfersNeedNoDma() {
    command(new int[] {3, 0xdf, 3}, 0);
    for (int value : new int[] {0xe6, 0, 0, 0, 2, 2, 2, 0x1b, 0xff}) {
      pc.out(0x3f5, value);
    }
    byte[] sector = new byte[512];
    for (int i = 0; i < 512; i++) {
      assertThat(pc.in(0x3f4) & 0xf0).isEqualTo(0xf0);
      sector[i] = (byte) pc.in(0x3f5);
    }
    assertThat(sector).isEqualTo(pc.floppyDisk.sector(1));
    assertThat(pc.in(0x3f4) & 0xd0).isEqualTo(0xd0);
  }

  @Test
  void versionAndUnknownCommands() {
    assertThat(command(new int[] {0x10}, 1)).containsExactly(0x90);
    assertThat(command(new int[] {0x1e}, 1)).containsExactly(0x80);
    assertThat(command(new int[] {8}, 1)).as("nothing to report").containsExactly(0x80);
  }

  @Test
  void theChangeLineStaysUntilTheNextStep() {
    pc.floppyDisk.change();
    assertThat(pc.in(0x3f7)).isEqualTo(0x80);
    seek(1, 0);
    assertThat(pc.in(0x3f7)).isZero();
  }
}
