package org.wardian.network.hub;

import java.nio.ByteBuffer;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.wire.Ethernet;

/**
 * How frames pass between the switches of two processes. Each side begins with the 8 bytes of
 * {@link #GREETING}; then each frame has a header of {@value #HEADER} bytes, most significant byte
 * first: its length in 4, the start of the checksum in 4 (-1 for none), the checksum's field in 2,
 * the segment size in 2, 1 for a vouched checksum in 1, the number of the segmentation in 1, and 2
 * of 0.
 */
final class TrunkFormat {
  /** {@code WARDSW} and version 1. */
  static final long GREETING = 0x5741_5244_5357_0001L;

  static final int HEADER = 16;

  private static final Segmentation[] SEGMENTATIONS = Segmentation.values();
  private static final int LARGEST_START = 1024;

  private TrunkFormat() {}

  /** Writes the header of a frame. */
  static void write(Frame frame, ByteBuffer to) {
    to.putInt(frame.length());
    to.putInt(frame.checksumStart());
    to.putShort((short) frame.checksumOffset());
    to.putShort((short) frame.segmentSize());
    to.put((byte) (frame.checksumValid() ? 1 : 0));
    to.put((byte) frame.segmentation().ordinal());
    to.putShort((short) 0);
  }

  /** The length of the frame whose header begins at the buffer's position; -1 where it is wrong. */
  static int length(ByteBuffer header) {
    int length = header.getInt(header.position());
    return length < Ethernet.HEADER || length > Frame.LONGEST ? -1 : length;
  }

  /**
   * Reads a header.
   *
   * @param bytes the frame
   * @return the frame; null where the header is wrong
   */
  static Frame read(ByteBuffer header, byte[] bytes) {
    int length = header.getInt();
    int start = header.getInt();
    int offset = header.getShort() & 0xffff;
    int segment = header.getShort() & 0xffff;
    int valid = header.get();
    int segmentation = header.get();
    int reserved = header.getShort();
    if (length != bytes.length
        || start < -1
        || start > LARGEST_START
        || start >= 0 && start + offset + 2 > length
        || start < 0 && offset != 0
        || (valid & ~1) != 0
        || segmentation < 0
        || segmentation >= SEGMENTATIONS.length
        || segmentation == 0 != (segment == 0)
        || reserved != 0) {
      return null;
    }
    return new Frame(
        bytes, 0, length, start, offset, valid != 0, SEGMENTATIONS[segmentation], segment);
  }
}
