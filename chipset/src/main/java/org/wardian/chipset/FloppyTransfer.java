package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * The data of one command of a {@link FloppyController}: where on the disk they begin, how many
 * have moved between guest and controller, and the work of the medium. The controller's monitor
 * guards it.
 */
final class FloppyTransfer {
  /** Bytes of a sector. */
  static final int SECTOR = 512;

  /** The most sectors that one command moves: two tracks. */
  private static final int MOST_SECTORS = 2 * 64;

  private static final int LAST_SECTOR = 4 * 84 * 64;

  private final BlockDevice medium;
  private final Dma8237 dma;
  private final FloppyController chip;

  private byte[] data = new byte[0];
  private int moved;
  private int firstSector;
  private int generation;

  FloppyTransfer(BlockDevice medium, Dma8237 dma, FloppyController chip) {
    this.medium = medium;
    this.dma = dma;
    this.chip = chip;
  }

  /** Ends it; what the medium still does goes nowhere. */
  void forget() {
    generation++;
    data = new byte[0];
    moved = 0;
  }

  /** Sectors that have moved, a part of one included. */
  int sectors() {
    return (moved + SECTOR - 1) / SECTOR;
  }

  /** Whether programmed transfers have moved everything. */
  boolean isComplete() {
    return moved == data.length;
  }

  /** The next byte for the guest. */
  int take() {
    return data[moved++] & 0xff;
  }

  /** The next byte from the guest. */
  void put(int value) {
    data[moved++] = (byte) value;
  }

  /** Begins at a sector, counted from the disk's first; nothing has moved. */
  void at(int sector) {
    firstSector = sector;
    moved = 0;
  }

  /**
   * Begins to move sectors: at once where the medium or DMA is to act, else when the guest has
   * written its bytes.
   *
   * @param byDma whether DMA channel 2 moves them
   * @return false where the channel is not ready
   */
  boolean begin(boolean write, int sectors, boolean byDma) {
    int most = sectors * SECTOR;
    int channel = FloppyController.DMA_CHANNEL;
    int length = byDma ? Math.min(most, dma.ready(channel, !write)) : most;
    if (length == 0) {
      return false;
    }
    // Whole sectors are read and written; DMA may end within one.
    data = new byte[length + SECTOR - 1 & -SECTOR];
    if (!write) {
      submit(BlockRequest.Kind.READ);
    } else if (byDma) {
      moved = dma.move(channel, false, data, 0, length);
      submit(BlockRequest.Kind.WRITE);
    } else {
      chip.awaitProgrammed();
    }
    return true;
  }

  /** Begins to take the addresses of a track's sectors, four bytes each. */
  void beginFormat(int sectors, boolean byDma) {
    data = new byte[4 * sectors];
    if (byDma) {
      dma.move(FloppyController.DMA_CHANNEL, false, data, 0, data.length);
    } else {
      chip.awaitProgrammed();
    }
  }

  /** Fills a track. */
  void fill(int sectors, int filler) {
    data = new byte[sectors * SECTOR];
    Arrays.fill(data, (byte) filler);
    moved = data.length;
    submit(BlockRequest.Kind.WRITE);
  }

  /** Moves what was read to the guest by DMA. */
  void deliver() {
    moved = dma.move(FloppyController.DMA_CHANNEL, true, data, 0, data.length);
  }

  /** Has the medium read or write all of it, and the controller told of the answer. */
  void submit(BlockRequest.Kind kind) {
    int asked = ++generation;
    chip.awaitMedium();
    medium.submit(
        new MediumRequest(
            kind,
            (long) firstSector * SECTOR,
            data.length,
            List.of(ByteBuffer.wrap(data)),
            null,
            answer -> {
              synchronized (chip) {
                if (asked == generation) {
                  if (answer != BlockRequest.Result.OK) {
                    moved = 0;
                  }
                  chip.answered(kind == BlockRequest.Kind.WRITE, answer);
                }
              }
            }));
  }

  /** Takes the bytes that were read back to their beginning, for programmed transfers. */
  void rewind() {
    moved = 0;
  }

  int moved() {
    return moved;
  }

  int firstSector() {
    return firstSector;
  }

  void saveData(StateWriter out) {
    out.writeBytes(data);
  }

  /** Whether a saved transfer of so many bytes can go on, in the phase it was in. */
  static boolean sound(
      FloppyPhase phase, FloppyCommand command, int length, int savedMoved, int savedFirst) {
    boolean whole = length > 0 && length % SECTOR == 0;
    boolean addresses = command.code() == FloppyCommand.FORMAT;
    boolean fits =
        switch (phase) {
          case COMMAND, RESULT -> true;
          case EXECUTION -> (whole || addresses) && savedMoved >= 0 && savedMoved < length;
          case BUSY -> whole;
        };
    return fits && length <= MOST_SECTORS * SECTOR && savedFirst >= 0 && savedFirst < LAST_SECTOR;
  }

  void load(byte[] savedData, int savedMoved, int savedFirst) {
    data = savedData;
    moved = Math.clamp(savedMoved, 0, data.length);
    firstSector = savedFirst;
  }
}
