package org.wardian.network.tap;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.wire.Ethernet;

/**
 * What stands before a frame of a TAP interface: {@code struct virtio_net_hdr}, virtio 1.2 §5.1.6.
 */
final class VirtioHeader {
  static final int SIZE = 10;

  private static final int NEEDS_CHECKSUM = 1;
  private static final int CHECKSUM_VALID = 2;
  private static final int TCP4 = 1;
  private static final int TCP6 = 4;
  private static final int UDP = 5;
  private static final int CONGESTION = 0x80;
  private static final int TYPE = 1;
  private static final int HEADER_LENGTH = 2;
  private static final int SEGMENT_SIZE = 4;
  private static final int CHECKSUM_START = 6;
  private static final int CHECKSUM_OFFSET = 8;

  private VirtioHeader() {}

  private static int get16(MemorySegment memory, long at) {
    return memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff;
  }

  private static void put16(MemorySegment memory, long at, int value) {
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) value);
  }

  /**
   * Reads a frame and its header.
   *
   * @param length bytes of both
   * @return the frame in a new array; null where the two do not fit together
   */
  static Frame read(MemorySegment memory, int length) {
    int size = length - SIZE;
    if (size < Ethernet.HEADER || size > Frame.LONGEST) {
      return null;
    }
    int flags = memory.get(ValueLayout.JAVA_BYTE, 0);
    boolean left = (flags & NEEDS_CHECKSUM) != 0;
    int start = left ? get16(memory, CHECKSUM_START) : -1;
    int offset = left ? get16(memory, CHECKSUM_OFFSET) : 0;
    Segmentation segmentation =
        switch (memory.get(ValueLayout.JAVA_BYTE, TYPE) & ~CONGESTION & 0xff) {
          case TCP4 -> Segmentation.TCP4;
          case TCP6 -> Segmentation.TCP6;
          case UDP -> Segmentation.UDP;
          default -> Segmentation.NONE;
        };
    int segment = segmentation == Segmentation.NONE ? 0 : get16(memory, SEGMENT_SIZE);
    if (left && start + offset + 2 > size
        || segmentation != Segmentation.NONE && (segment == 0 || !left)) {
      return null;
    }
    byte[] bytes = new byte[size];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, SIZE, bytes, 0, size);
    boolean valid = (flags & CHECKSUM_VALID) != 0;
    return new Frame(bytes, 0, size, start, offset, valid, segmentation, segment);
  }

  /** Writes a frame behind its header; bytes of both. */
  static int write(Frame frame, MemorySegment memory) {
    boolean left = frame.checksumStart() >= 0;
    int flags = left ? NEEDS_CHECKSUM : frame.checksumValid() ? CHECKSUM_VALID : 0;
    int type =
        switch (frame.segmentation()) {
          case NONE -> 0;
          case TCP4 -> TCP4;
          case TCP6 -> TCP6;
          case UDP -> UDP;
        };
    memory.set(ValueLayout.JAVA_BYTE, 0, (byte) flags);
    memory.set(ValueLayout.JAVA_BYTE, TYPE, (byte) type);
    put16(memory, HEADER_LENGTH, type == 0 ? 0 : headers(frame));
    put16(memory, SEGMENT_SIZE, frame.segmentSize());
    put16(memory, CHECKSUM_START, left ? frame.checksumStart() : 0);
    put16(memory, CHECKSUM_OFFSET, left ? frame.checksumOffset() : 0);
    MemorySegment.copy(
        frame.bytes(), frame.offset(), memory, ValueLayout.JAVA_BYTE, SIZE, frame.length());
    return SIZE + frame.length();
  }

  /** Bytes of a long frame before its payload; a hint, so a frame that lies gets what it says. */
  private static int headers(Frame frame) {
    int transport = Math.max(0, frame.checksumStart());
    if (frame.segmentation() == Segmentation.UDP) {
      return transport + 8;
    }
    int offset = transport + 12;
    return offset < frame.length()
        ? transport + (frame.bytes()[frame.offset() + offset] >>> 4 & 0xf) * 4
        : frame.length();
  }
}
