package org.wardian.chipset;

import org.wardian.storage.BlockRequest;

/** What a drive wants of its host next, to carry out a command. */
sealed interface AtaAction {
  /** Nothing: the task file has the result. */
  record Finished() implements AtaAction {}

  /**
   * The host takes {@code data} from the drive.
   *
   * @param dma whether by DMA
   */
  record DataIn(byte[] data, boolean dma) implements AtaAction {}

  /**
   * The host gives the drive {@code length} bytes; {@link AtaDrive#received} takes them.
   *
   * @param dma whether by DMA
   */
  record DataOut(int length, boolean dma) implements AtaAction {}

  /** The host gives the drive a command packet; {@link AtaDrive#packet} takes it. */
  record Packet() implements AtaAction {}

  /**
   * Bytes move between medium and host; {@link AtaDrive#finished} takes the result.
   *
   * @param write whether to the medium
   * @param offset first byte
   * @param length bytes
   * @param block bytes after which programmed transfers interrupt the host
   * @param dma whether by DMA
   */
  record Media(boolean write, long offset, long length, int block, boolean dma)
      implements AtaAction {}

  /** A request to the medium without data; {@link AtaDrive#finished} takes the result. */
  record Order(BlockRequest.Kind kind, long offset, long length) implements AtaAction {}

  /** See {@link Finished}. */
  Finished FINISHED = new Finished();
}
