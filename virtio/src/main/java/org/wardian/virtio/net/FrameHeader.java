package org.wardian.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.wardian.network.Frame;

/** The header before each frame in a queue (virtio 1.2 §5.1.6), to and from {@link Frame}. */
final class FrameHeader {
  private static final int ETHERNET_HEADER = 14;
  private static final int LONGEST = 65_550;

  private FrameHeader() {}

  /**
   * Reads what a driver sends.
   *
   * @param header at least {@link NetProtocol#LEGACY_HEADER} bytes, little-endian
   * @param bytes the frame; no one else's
   * @return null for a frame that cannot be, which is dropped
   */
  static Frame parse(ByteBuffer header, byte[] bytes) {
    int length = bytes.length;
    if (length < ETHERNET_HEADER || length > LONGEST) {
      return null;
    }
    int start = -1;
    int offset = 0;
    if ((header.get(NetProtocol.FLAGS) & NetProtocol.NEEDS_CHECKSUM) != 0) {
      start = Short.toUnsignedInt(header.getShort(NetProtocol.CHECKSUM_START));
      offset = Short.toUnsignedInt(header.getShort(NetProtocol.CHECKSUM_OFFSET));
      if (start + offset + 2 > length) {
        return null;
      }
    }
    int kind = header.get(NetProtocol.SEGMENTATION) & 0xff & ~NetProtocol.SEGMENT_ECN;
    Frame.Segmentation segmentation =
        switch (kind) {
          case NetProtocol.SEGMENT_TCP4 -> Frame.Segmentation.TCP4;
          case NetProtocol.SEGMENT_TCP6 -> Frame.Segmentation.TCP6;
          case NetProtocol.SEGMENT_UDP -> Frame.Segmentation.UDP;
          case NetProtocol.SEGMENT_NONE -> Frame.Segmentation.NONE;
          default -> null;
        };
    if (segmentation == null) {
      return null;
    }
    int size = 0;
    if (segmentation != Frame.Segmentation.NONE) {
      size = Short.toUnsignedInt(header.getShort(NetProtocol.SEGMENT_SIZE));
      // A long frame without a checksum to do cannot be cut: the segments need one each.
      if (size == 0 || start < 0) {
        return null;
      }
    }
    return new Frame(bytes, 0, length, start, offset, false, segmentation, size);
  }

  /** Whether what a frame leaves to do is among what was agreed. */
  static boolean allowed(Frame frame, VirtioNet.Agreed agreed) {
    return (frame.checksumStart() < 0 || agreed.checksum())
        && switch (frame.segmentation()) {
          case NONE -> true;
          case TCP4 -> agreed.tcp4();
          case TCP6 -> agreed.tcp6();
          case UDP -> agreed.udp();
        };
  }

  /**
   * Writes what a driver receives; the number of buffers is still missing.
   *
   * @param checksums whether the driver looks at what is said of checksums
   */
  static void write(Frame frame, boolean checksums, ByteBuffer header) {
    header.clear();
    header.put(NetProtocol.FLAGS, (byte) 0);
    header.put(NetProtocol.SEGMENTATION, (byte) 0);
    header.putShort(NetProtocol.HEADERS_LENGTH, (short) 0);
    header.putShort(NetProtocol.SEGMENT_SIZE, (short) 0);
    header.putShort(NetProtocol.CHECKSUM_START, (short) 0);
    header.putShort(NetProtocol.CHECKSUM_OFFSET, (short) 0);
    if (!checksums) {
      return;
    }
    if (frame.checksumStart() >= 0) {
      header.put(NetProtocol.FLAGS, (byte) NetProtocol.NEEDS_CHECKSUM);
      header.putShort(NetProtocol.CHECKSUM_START, (short) frame.checksumStart());
      header.putShort(NetProtocol.CHECKSUM_OFFSET, (short) frame.checksumOffset());
    } else if (frame.checksumValid()) {
      header.put(NetProtocol.FLAGS, (byte) NetProtocol.DATA_VALID);
    }
    int kind =
        switch (frame.segmentation()) {
          case NONE -> NetProtocol.SEGMENT_NONE;
          case TCP4 -> NetProtocol.SEGMENT_TCP4;
          case TCP6 -> NetProtocol.SEGMENT_TCP6;
          case UDP -> NetProtocol.SEGMENT_UDP;
        };
    if (kind != NetProtocol.SEGMENT_NONE) {
      header.put(NetProtocol.SEGMENTATION, (byte) kind);
      header.putShort(NetProtocol.SEGMENT_SIZE, (short) frame.segmentSize());
      header.putShort(NetProtocol.HEADERS_LENGTH, (short) headersLength(frame));
    }
  }

  private static int headersLength(Frame frame) {
    int start = Math.max(0, frame.checksumStart());
    if (frame.segmentation() == Frame.Segmentation.UDP) {
      return start + 8;
    }
    int dataOffset = start + 12;
    return dataOffset < frame.length()
        ? start + (frame.bytes()[frame.offset() + dataOffset] >> 2 & 0x3c)
        : start;
  }

  static ByteBuffer buffer() {
    return ByteBuffer.allocate(NetProtocol.HEADER).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * A frame whose checksum is done (RFC 1071): for a driver that takes no others. Whoever made the
   * frame keeps it as it is.
   */
  static Frame complete(Frame frame) {
    byte[] bytes =
        java.util.Arrays.copyOfRange(
            frame.bytes(), frame.offset(), frame.offset() + frame.length());
    int start = frame.checksumStart();
    long sum = 0;
    for (int i = start; i < bytes.length; i++) {
      int value = bytes[i] & 0xff;
      sum += (i - start & 1) == 0 ? value << 8 : value;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    int checksum = (int) ~sum & 0xffff;
    int at = start + frame.checksumOffset();
    if (checksum == 0) {
      // Zero means none for UDP, and its complement is the same number.
      checksum = 0xffff;
    }
    bytes[at] = (byte) (checksum >>> 8);
    bytes[at + 1] = (byte) checksum;
    return Frame.complete(bytes, 0, bytes.length);
  }
}
