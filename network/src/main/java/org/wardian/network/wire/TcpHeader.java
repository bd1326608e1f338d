package org.wardian.network.wire;

/**
 * The header of a TCP segment (RFC 9293 §3.1) with the options that matter here.
 *
 * @param sourcePort 0 to 65,535
 * @param destinationPort 0 to 65,535
 * @param sequence number of the first byte
 * @param acknowledgment number of the next byte that the sender expects
 * @param flags {@link #FIN} and the others
 * @param window as it stands on the wire, not scaled
 * @param payload where the payload begins in the array
 * @param length bytes of payload
 * @param maximumSegment value of that option, or -1
 * @param windowScale value of that option (RFC 7323 §2.2), at most 14, or -1
 * @param sackPermitted whether that option is there (RFC 2018 §2)
 * @param sack pairs of first and following numbers that were received (RFC 2018 §3)
 */
public record TcpHeader(
    int sourcePort,
    int destinationPort,
    int sequence,
    int acknowledgment,
    int flags,
    int window,
    int payload,
    int length,
    int maximumSegment,
    int windowScale,
    boolean sackPermitted,
    int[] sack) {
  /** Bytes of a header without options. */
  public static final int SIZE = 20;

  /** The sender has no more data. */
  public static final int FIN = 1;

  /** Synchronize sequence numbers. */
  public static final int SYN = 2;

  /** Reset the connection. */
  public static final int RST = 4;

  /** Push. */
  public static final int PSH = 8;

  /** The acknowledgment counts. */
  public static final int ACK = 16;

  /** Where the checksum stands in the header. */
  public static final int CHECKSUM = 16;

  private static final int END = 0;
  private static final int NO_OPERATION = 1;
  private static final int MAXIMUM_SEGMENT = 2;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK_PERMITTED = 4;
  private static final int SACK = 5;
  private static final int LARGEST_SCALE = 14;
  private static final int[] NOTHING = {};

  /** Whether a flag is set. */
  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Numbers that the segment occupies: payload, SYN and FIN. */
  public int span() {
    return length + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
  }

  /**
   * Reads a header. The checksum is not looked at.
   *
   * @param available bytes of header and payload
   * @return the header, or null where it is malformed; options that are malformed are ignored
   */
  public static TcpHeader parse(byte[] bytes, int at, int available) {
    if (available < SIZE) {
      return null;
    }
    int header = (bytes[at + 12] >>> 4 & 0xf) * 4;
    if (header < SIZE || header > available) {
      return null;
    }
    int maximumSegment = -1;
    int windowScale = -1;
    boolean sackPermitted = false;
    int[] sack = NOTHING;
    int end = at + header;
    for (int option = at + SIZE; option < end; ) {
      int kind = bytes[option];
      if (kind == END) {
        break;
      }
      if (kind == NO_OPERATION) {
        option++;
        continue;
      }
      int size = option + 1 < end ? bytes[option + 1] & 0xff : 0;
      if (size < 2 || option + size > end) {
        break;
      }
      switch (kind) {
        case MAXIMUM_SEGMENT -> {
          if (size == 4) {
            maximumSegment = NetworkOrder.get16(bytes, option + 2);
          }
        }
        case WINDOW_SCALE -> {
          if (size == 3) {
            windowScale = Math.min(bytes[option + 2] & 0xff, LARGEST_SCALE);
          }
        }
        case SACK_PERMITTED -> sackPermitted = true;
        case SACK -> {
          int[] edges = new int[(size - 2) / 8 * 2];
          for (int i = 0; i < edges.length; i++) {
            edges[i] = NetworkOrder.get32(bytes, option + 2 + 4 * i);
          }
          sack = edges;
        }
        default -> {
          // Timestamps, user timeout, fast open: none was agreed on.
        }
      }
      option += size;
    }
    return new TcpHeader(
        NetworkOrder.get16(bytes, at),
        NetworkOrder.get16(bytes, at + 2),
        NetworkOrder.get32(bytes, at + 4),
        NetworkOrder.get32(bytes, at + 8),
        bytes[at + 13] & 0x3f,
        NetworkOrder.get16(bytes, at + 14),
        end,
        available - header,
        maximumSegment,
        windowScale,
        sackPermitted,
        sack);
  }

  /**
   * Writes a header; the checksum is left 0, options are the caller's.
   *
   * @param size bytes of header and options, a multiple of 4
   */
  public static void write(
      byte[] to,
      int at,
      int sourcePort,
      int destinationPort,
      int sequence,
      int acknowledgment,
      int size,
      int flags,
      int window) {
    NetworkOrder.put16(to, at, sourcePort);
    NetworkOrder.put16(to, at + 2, destinationPort);
    NetworkOrder.put32(to, at + 4, sequence);
    NetworkOrder.put32(to, at + 8, acknowledgment);
    to[at + 12] = (byte) (size / 4 << 4);
    to[at + 13] = (byte) flags;
    NetworkOrder.put16(to, at + 14, window);
    NetworkOrder.put32(to, at + 16, 0);
  }

  /**
   * Writes the options of a SYN: maximum segment, and window scale and SACK permitted where wanted.
   *
   * @param windowScale shift count, or -1 for none
   * @return bytes written, a multiple of 4
   */
  public static int writeSynOptions(
      byte[] to, int at, int maximumSegment, int windowScale, boolean sack) {
    NetworkOrder.put32(to, at, MAXIMUM_SEGMENT << 24 | 4 << 16 | maximumSegment);
    int size = 4;
    if (windowScale >= 0) {
      NetworkOrder.put32(
          to, at + size, NO_OPERATION << 24 | WINDOW_SCALE << 16 | 3 << 8 | windowScale);
      size += 4;
    }
    if (sack) {
      NetworkOrder.put32(
          to, at + size, NO_OPERATION << 24 | NO_OPERATION << 16 | SACK_PERMITTED << 8 | 2);
      size += 4;
    }
    return size;
  }

  /**
   * Writes a SACK option.
   *
   * @param edges pairs of first and following numbers
   * @param pairs how many of them, 1 to 4
   * @return bytes written, a multiple of 4
   */
  public static int writeSack(byte[] to, int at, int[] edges, int pairs) {
    int size = 2 + 8 * pairs;
    NetworkOrder.put32(to, at, NO_OPERATION << 24 | NO_OPERATION << 16 | SACK << 8 | size);
    for (int i = 0; i < 2 * pairs; i++) {
      NetworkOrder.put32(to, at + 4 + 4 * i, edges[i]);
    }
    return size + 2;
  }
}
