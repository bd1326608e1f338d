package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * What an 82540EM does with transmit descriptors (8254x Software Developer's Manual, §3.3): gathers
 * frames, inserts checksums, cuts long TCP and UDP messages into segments. The card's monitor
 * guards it.
 */
final class E1000Transmit {
  static final int DESCRIPTOR = 16;

  private static final int COMMAND_END = 0x01;
  private static final int COMMAND_SEGMENT = 0x04;
  private static final int COMMAND_CHECKSUM = 0x04;
  private static final int COMMAND_REPORT = 0x08;
  private static final int COMMAND_EXTENDED = 0x20;
  private static final int TYPE_TCP = 0x01;
  private static final int TYPE_IPV4 = 0x02;
  private static final int OPTION_IP_CHECKSUM = 0x01;
  private static final int OPTION_CHECKSUM = 0x02;
  private static final int STATUS_DONE = 1;

  /** Longest message, and longest frame without segmentation. */
  private static final int LONGEST = 0x10000 + 256;

  private static final int LONGEST_FRAME = 16384;
  private static final int SHORTEST_FRAME = 60;

  private static final int TCP_FLAGS = 13;
  private static final int FIN_AND_PUSH = 0x09;

  private final Dma dma;

  /** The context that the last context descriptor has set (§3.3.6). */
  private byte[] context = new byte[DESCRIPTOR];

  private byte[] message = new byte[0];
  private int options;

  E1000Transmit(Dma dma) {
    this.dma = dma;
  }

  void reset() {
    context = new byte[DESCRIPTOR];
    message = new byte[0];
    options = 0;
  }

  /** What a descriptor leads to. */
  record Step(List<byte[]> frames, boolean reported) {}

  /** Takes the descriptor at {@code address}, and writes it back. */
  Step take(long address) {
    byte[] descriptor = new byte[DESCRIPTOR];
    if (!dma.read(address, descriptor, 0, DESCRIPTOR)) {
      return new Step(List.of(), false);
    }
    ByteBuffer fields = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
    int control = fields.getInt(8);
    int command = control >>> 24;
    List<byte[]> frames = List.of();
    boolean extended = (command & COMMAND_EXTENDED) != 0;
    if (extended && (control >> 20 & 0xf) == 0) {
      context = descriptor.clone();
    } else {
      if (extended && message.length == 0) {
        options = descriptor[13];
      }
      int length = extended ? control & 0xfffff : control & 0xffff;
      append(fields.getLong(0), length);
      if ((command & COMMAND_END) != 0) {
        frames = finish(extended, command, descriptor);
        message = new byte[0];
        options = 0;
      }
    }
    boolean report = (command & COMMAND_REPORT) != 0;
    if (report) {
      descriptor[12] |= STATUS_DONE;
      dma.write(address + 12, descriptor, 12, 1);
    }
    return new Step(frames, report);
  }

  /** What is too long is cut off: the guest sends it in vain. */
  private void append(long address, int length) {
    int piece = Math.min(length, LONGEST - message.length);
    if (piece > 0) {
      int old = message.length;
      message = Arrays.copyOf(message, old + piece);
      dma.read(address, message, old, piece);
    }
  }

  private List<byte[]> finish(boolean extended, int command, byte[] descriptor) {
    if (!extended) {
      if ((command & COMMAND_CHECKSUM) != 0) {
        int start = descriptor[13] & 0xff;
        InternetChecksum.write(message, start, message.length, descriptor[10] & 0xff);
      }
      return whole();
    }
    if ((command & COMMAND_SEGMENT) != 0) {
      return segments();
    }
    insert(message, options);
    return whole();
  }

  private List<byte[]> whole() {
    return message.length == 0 || message.length > LONGEST_FRAME
        ? List.of()
        : List.of(padded(message));
  }

  private static byte[] padded(byte[] frame) {
    return frame.length < SHORTEST_FRAME ? Arrays.copyOf(frame, SHORTEST_FRAME) : frame;
  }

  private int at(int index) {
    return context[index] & 0xff;
  }

  private int wide(int index) {
    return at(index) | at(index + 1) << 8;
  }

  /** Inserts the checksums that the context describes. */
  private void insert(byte[] frame, int which) {
    if ((which & OPTION_IP_CHECKSUM) != 0) {
      clear(frame, at(1));
      InternetChecksum.write(frame, at(0), end(wide(2), frame), at(1));
    }
    if ((which & OPTION_CHECKSUM) != 0) {
      InternetChecksum.write(frame, at(4), end(wide(6), frame), at(5));
    }
  }

  private static void clear(byte[] frame, int field) {
    if (field + 2 <= frame.length) {
      frame[field] = 0;
      frame[field + 1] = 0;
    }
  }

  private static int end(int last, byte[] frame) {
    return last == 0 ? frame.length : Math.min(last + 1, frame.length);
  }

  private List<byte[]> segments() {
    int header = at(13);
    int most = wide(14);
    int type = at(11);
    int network = at(0);
    int transport = at(4);
    boolean sound =
        most > 0
            && header <= message.length
            && network + 20 <= header
            && transport + 8 <= header
            && ((type & TYPE_TCP) == 0 || transport + 20 <= header);
    if (!sound) {
      return List.of();
    }
    List<byte[]> frames = new ArrayList<>();
    int payload = message.length - header;
    int number = 0;
    for (int done = 0; done == 0 || done < payload; done += most) {
      int piece = Math.min(most, payload - done);
      byte[] frame = Arrays.copyOf(message, header + piece);
      System.arraycopy(message, header + done, frame, header, piece);
      boolean last = done + piece >= payload;
      adjust(frame, network, transport, type, done, number++, last);
      frames.add(padded(frame));
    }
    return frames;
  }

  /** Makes the headers of one segment from those of the whole message. */
  private void adjust(
      byte[] frame, int network, int transport, int type, int done, int number, boolean last) {
    ByteBuffer fields = ByteBuffer.wrap(frame);
    if ((type & TYPE_IPV4) != 0) {
      fields.putShort(network + 2, (short) (frame.length - network));
      fields.putShort(network + 4, (short) (fields.getShort(network + 4) + number));
    } else {
      fields.putShort(network + 4, (short) (frame.length - network - 40));
    }
    int length = frame.length - transport;
    if ((type & TYPE_TCP) != 0) {
      fields.putInt(transport + 4, fields.getInt(transport + 4) + done);
      if (!last) {
        frame[transport + TCP_FLAGS] &= ~FIN_AND_PUSH;
      }
    } else {
      fields.putShort(transport + 4, (short) length);
    }
    int field = at(5);
    if ((options & OPTION_CHECKSUM) != 0 && field + 2 <= frame.length) {
      // The field holds the sum of the pseudo header without the length.
      int sum = (fields.getShort(field) & 0xffff) + length;
      fields.putShort(field, (short) ((sum & 0xffff) + (sum >> 16)));
    }
    insert(frame, options);
  }

  void save(StateWriter out) {
    out.writeBytes(context);
    out.writeBytes(message);
    out.writeInt(options);
  }

  void load(StateReader in) {
    in.readBytes(context);
    byte[] saved = in.readBytes();
    message = Arrays.copyOf(saved, Math.min(saved.length, LONGEST));
    options = in.readInt() & 0xff;
  }
}
