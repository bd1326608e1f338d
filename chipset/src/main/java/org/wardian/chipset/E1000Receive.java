package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.wardian.network.Frame;

/**
 * What an 82540EM does with frames from the wire (8254x Software Developer's Manual, §3.2): filters
 * them and puts them into receive descriptors. The card's monitor guards it.
 */
final class E1000Receive {
  static final int RCTL = 0x0100;
  static final int RAL = 0x5400;
  static final int RAH = 0x5404;
  static final int ADDRESS_VALID = 0x80000000;

  private static final int RDBAL = 0x2800;
  private static final int RDBAH = 0x2804;
  private static final int RDLEN = 0x2808;
  private static final int RDH = 0x2810;
  private static final int RDT = 0x2818;
  private static final int MTA = 0x5200;
  private static final int ADDRESSES = 16;

  private static final int ENABLE = 0x00000002;
  private static final int ALL_UNICAST = 0x00000008;
  private static final int ALL_MULTICAST = 0x00000010;
  private static final int LONG_PACKETS = 0x00000020;
  private static final int BROADCAST = 0x00008000;
  private static final int LARGE_BUFFERS = 0x02000000;
  private static final int STRIP_CHECKSUM = 0x04000000;

  private static final int DESCRIPTOR = 16;
  private static final int DONE = 0x01;
  private static final int END = 0x02;
  private static final int IGNORE_CHECKSUM = 0x04;
  private static final int SHORTEST = 60;
  private static final int LONGEST = 1522;
  private static final int LONGEST_EVER = 16384;
  private static final int FRAME_CHECKSUM = 4;

  private final int[] registers;
  private final Dma dma;

  E1000Receive(int[] registers, Dma dma) {
    this.registers = registers;
    this.dma = dma;
  }

  private int get(int register) {
    return registers[register >> 2];
  }

  /**
   * Takes a frame.
   *
   * @return the interrupt causes; {@link E1000#RECEIVE_OVERRUN} where there is no room, 0 where the
   *     frame is not for this card
   */
  int take(Frame frame) {
    int control = get(RCTL);
    boolean tooLong = frame.length() > ((control & LONG_PACKETS) != 0 ? LONGEST_EVER : LONGEST);
    if ((control & ENABLE) == 0 || tooLong || !wanted(frame)) {
      return 0;
    }
    boolean strip = (control & STRIP_CHECKSUM) != 0;
    int length = Math.max(SHORTEST, frame.length());
    byte[] bytes =
        Arrays.copyOf(
            Arrays.copyOfRange(frame.bytes(), frame.offset(), frame.offset() + frame.length()),
            strip ? length : length + FRAME_CHECKSUM);
    int ring = get(RDLEN) / DESCRIPTOR & 0xffff;
    int head = get(RDH) & 0xffff;
    int buffer = bufferLength(control);
    int needed = (bytes.length + buffer - 1) / buffer;
    if (ring == 0 || head >= ring || get(RDT) >= ring) {
      return 0;
    }
    int free = (get(RDT) - head + ring) % ring;
    if (free < needed) {
      return E1000.RECEIVE_OVERRUN;
    }
    put(bytes, ring, head, buffer);
    return E1000.RECEIVED;
  }

  private static int bufferLength(int control) {
    int size = 2048 >> (control >> 16 & 3);
    return (control & LARGE_BUFFERS) != 0 && size < 2048 ? size << 4 : size;
  }

  private void put(byte[] bytes, int ring, int head, int buffer) {
    long base = (long) get(RDBAH) << 32 | get(RDBAL) & 0xfffffff0L;
    int at = head;
    for (int done = 0; done < bytes.length; done += buffer) {
      long place = base + (long) at * DESCRIPTOR;
      byte[] descriptor = new byte[DESCRIPTOR];
      dma.read(place, descriptor, 0, DESCRIPTOR);
      ByteBuffer fields = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
      int piece = Math.min(buffer, bytes.length - done);
      dma.write(fields.getLong(0), bytes, done, piece);
      fields.putShort(8, (short) piece);
      fields.putShort(10, (short) 0);
      boolean last = done + piece == bytes.length;
      fields.put(12, (byte) (DONE | IGNORE_CHECKSUM | (last ? END : 0)));
      fields.put(13, (byte) 0);
      fields.putShort(14, (short) 0);
      // The status says that the rest is there, so it comes last.
      dma.write(place + 8, descriptor, 8, 4);
      dma.write(place + 12, descriptor, 12, 4);
      at = (at + 1) % ring;
    }
    registers[RDH >> 2] = at;
  }

  private boolean wanted(Frame frame) {
    int control = get(RCTL);
    byte[] bytes = frame.bytes();
    int at = frame.offset();
    boolean group = (bytes[at] & 1) != 0;
    if (group) {
      boolean all = true;
      for (int i = 0; i < 6; i++) {
        all &= bytes[at + i] == (byte) 0xff;
      }
      if (all) {
        return (control & (BROADCAST | ALL_MULTICAST)) != 0;
      }
    }
    if ((control & (group ? ALL_MULTICAST : ALL_UNICAST)) != 0) {
      return true;
    }
    return exact(bytes, at) || group && hashed(bytes, at, control >> 12 & 3);
  }

  private boolean exact(byte[] bytes, int at) {
    for (int i = 0; i < ADDRESSES; i++) {
      int low = get(RAL + 8 * i);
      int high = get(RAH + 8 * i);
      boolean same = (high & ADDRESS_VALID) != 0;
      for (int n = 0; n < 6 && same; n++) {
        int expected = n < 4 ? low >>> 8 * n : high >>> 8 * (n - 4);
        same = (byte) expected == bytes[at + n];
      }
      if (same) {
        return true;
      }
    }
    return false;
  }

  /** The table of 4096 bits, by twelve bits of the address that {@code offset} chooses (§13.5). */
  private boolean hashed(byte[] bytes, int at, int offset) {
    int shift = offset == 3 ? 0 : 4 - offset;
    int last = bytes[at + 4] & 0xff | (bytes[at + 5] & 0xff) << 8;
    int hash = last >> shift & 0xfff;
    return (get(MTA + (hash >> 5 << 2)) >> (hash & 31) & 1) != 0;
  }
}
