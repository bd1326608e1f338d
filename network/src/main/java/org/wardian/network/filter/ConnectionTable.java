package org.wardian.network.filter;

import java.util.Arrays;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * Which connections a card has, as far as rules ask for them: addresses, protocol and ports of the
 * first packet, and whether an answer was seen. Of a fixed size: where a place is wanted, the
 * connection of those beside it goes that would be forgotten first, one without an answer before
 * others. States are those of Linux's connection tracking; numbers of sequences are not looked at.
 */
final class ConnectionTable {
  /** The packet begins a connection, or continues one that was not answered. */
  static final int NEW = 1;

  /** The connection was answered. */
  static final int ESTABLISHED = 2;

  /** An error of ICMP about a connection that is known. */
  static final int RELATED = 4;

  /** It belongs to nothing, though it should. */
  static final int INVALID = 8;

  private static final int BUCKETS = 1024;
  private static final int WAYS = 8;
  private static final int PLACES = BUCKETS * WAYS;
  private static final long SECOND = 1_000_000_000L;
  private static final int FIN_OR_RST = 5;

  private static final int USED = 1;
  private static final int ANSWERED = 2;
  private static final int ENDING = 4;

  private final long[] sourceHigh = new long[PLACES];
  private final long[] sourceLow = new long[PLACES];
  private final long[] targetHigh = new long[PLACES];
  private final long[] targetLow = new long[PLACES];
  private final long[] ports = new long[PLACES];
  private final long[] deadline = new long[PLACES];
  private final byte[] flags = new byte[PLACES];

  private long keySourceHigh;
  private long keySourceLow;
  private long keyTargetHigh;
  private long keyTargetLow;
  private long keyPorts;
  private boolean counting;

  ConnectionTable() {}

  /** Forgets all. */
  synchronized void clear() {
    Arrays.fill(flags, (byte) 0);
  }

  /** Finds what is known of a packet, and tells the frame. */
  synchronized void look(FrameFields frame, long now) {
    int type = icmpType(frame);
    if (isError(frame, type)) {
      int inner = quoted(frame, now);
      frame.connection(inner < 0 ? INVALID : RELATED, inner < 0 ? 0 : inner & 1, 0);
      return;
    }
    key(frame, type);
    int way = 0;
    int place = find(now);
    if (place < 0) {
      turn();
      place = find(now);
      turn();
      way = 1;
    }
    int connections = count(now);
    if (place < 0) {
      frame.connection(isAnswer(frame, type) ? INVALID : NEW, 0, connections + 1);
      return;
    }
    boolean answered = way == 1 || (flags[place] & ANSWERED) != 0;
    frame.connection(answered ? ESTABLISHED : NEW, way, connections);
  }

  /** A packet passes: its connection is remembered. */
  synchronized void confirm(FrameFields frame, long now) {
    int type = icmpType(frame);
    if (isError(frame, type) || (frame.state() & INVALID) != 0) {
      return;
    }
    key(frame, type);
    int place = find(now);
    boolean back = false;
    if (place < 0) {
      turn();
      place = find(now);
      back = place >= 0;
      turn();
    }
    if (place < 0) {
      place = free(now);
      sourceHigh[place] = keySourceHigh;
      sourceLow[place] = keySourceLow;
      targetHigh[place] = keyTargetHigh;
      targetLow[place] = keyTargetLow;
      ports[place] = keyPorts;
      flags[place] = USED;
    }
    boolean ends =
        frame.protocol() == IpProtocol.TCP
            && frame.read(FrameField.TCP_FLAGS)
            && (frame.low() & FIN_OR_RST) != 0;
    flags[place] |= (byte) ((back ? ANSWERED : 0) | (ends ? ENDING : 0));
    deadline[place] = now + lifetime(frame.protocol(), flags[place]);
  }

  /** How long a connection is remembered after its last packet, in nanoseconds: Linux's times. */
  private static long lifetime(int protocol, int flags) {
    boolean answered = (flags & ANSWERED) != 0;
    return SECOND
        * switch (protocol) {
          case IpProtocol.TCP -> (flags & ENDING) != 0 || !answered ? 120 : 432_000;
          case IpProtocol.UDP, FrameFields.UDP_LITE -> answered ? 120 : 30;
          case IpProtocol.ICMP, IpProtocol.ICMP6 -> 30;
          case FrameFields.SCTP, FrameFields.DCCP -> answered ? 432_000 : 120;
          default -> 600;
        };
  }

  private static int icmpType(FrameFields frame) {
    boolean icmp = frame.protocol() == (frame.version() == 4 ? IpProtocol.ICMP : IpProtocol.ICMP6);
    return icmp && frame.transport() >= 0 ? frame.bytes()[frame.transport()] & 0xff : -1;
  }

  private static boolean isError(FrameFields frame, int type) {
    return frame.version() == 4
        ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12
        : type >= 1 && type < 128;
  }

  private static boolean isAnswer(FrameFields frame, int type) {
    return frame.version() == 4 ? type == 0 || type == 14 || type == 16 || type == 18 : type == 129;
  }

  private static boolean isQuery(FrameFields frame, int type) {
    return isAnswer(frame, type)
        || (frame.version() == 4
            ? type == 8 || type == 13 || type == 15 || type == 17
            : type == 128);
  }

  private void key(FrameFields frame, int type) {
    frame.read(FrameField.SOURCE_IP);
    keySourceHigh = frame.high();
    keySourceLow = frame.low();
    frame.read(FrameField.DESTINATION_IP);
    keyTargetHigh = frame.high();
    keyTargetLow = frame.low();
    long pair = 0;
    if (frame.read(FrameField.SOURCE_PORT)) {
      pair = frame.low() << 16;
      frame.read(FrameField.DESTINATION_PORT);
      pair |= frame.low();
    } else if (type >= 0 && isQuery(frame, type) && frame.packetEnd() - frame.transport() >= 6) {
      long id = NetworkOrder.get16(frame.bytes(), frame.transport() + 4);
      pair = id << 16 | id;
    } else if (type >= 0) {
      pair = type;
    }
    keyPorts = (long) frame.version() << 40 | (long) frame.protocol() << 32 | pair;
  }

  /** The key of the packet back. */
  private void turn() {
    long high = keySourceHigh;
    long low = keySourceLow;
    keySourceHigh = keyTargetHigh;
    keySourceLow = keyTargetLow;
    keyTargetHigh = high;
    keyTargetLow = low;
    keyPorts = keyPorts & ~0xffff_ffffL | (keyPorts & 0xffff) << 16 | (keyPorts >>> 16 & 0xffff);
  }

  /** The bucket of the key: the same for both ways. */
  private int bucket() {
    long mixed = keySourceHigh ^ keyTargetHigh ^ keySourceLow ^ keyTargetLow;
    mixed ^= (keyPorts >>> 16 ^ keyPorts) & 0xffff;
    mixed ^= keyPorts >>> 32 << 20;
    mixed *= 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 54) * WAYS;
  }

  private int find(long now) {
    int first = bucket();
    for (int i = first; i < first + WAYS; i++) {
      if (flags[i] != 0
          && ports[i] == keyPorts
          && sourceLow[i] == keySourceLow
          && targetLow[i] == keyTargetLow
          && sourceHigh[i] == keySourceHigh
          && targetHigh[i] == keyTargetHigh) {
        if (deadline[i] - now > 0) {
          return i;
        }
        flags[i] = 0;
      }
    }
    return -1;
  }

  private int free(long now) {
    int first = bucket();
    int best = first;
    for (int i = first; i < first + WAYS; i++) {
      if (flags[i] == 0 || deadline[i] - now <= 0) {
        return i;
      }
      boolean worse = (flags[i] & ANSWERED) == (flags[best] & ANSWERED);
      if (worse ? deadline[i] - deadline[best] < 0 : (flags[i] & ANSWERED) == 0) {
        best = i;
      }
    }
    return best;
  }

  /** How many connections the key's source has begun. */
  private int count(long now) {
    int all = 0;
    for (int i = 0; counting && i < PLACES; i++) {
      if (flags[i] != 0
          && sourceLow[i] == keySourceLow
          && sourceHigh[i] == keySourceHigh
          && deadline[i] - now > 0) {
        all++;
      }
    }
    return all;
  }

  /** Whether a rule asks how many connections there are: that is looked for only then. */
  synchronized void setCounting(boolean wanted) {
    counting = wanted;
  }

  /** The way of the connection that an error quotes: 0 or 1; -1 for none that is known. */
  private int quoted(FrameFields frame, long now) {
    byte[] bytes = frame.bytes();
    int at = frame.transport() + 8;
    int room = frame.packetEnd() - at;
    int header;
    int protocol;
    if (frame.version() == 4) {
      if (room < 20 || bytes[at] >>> 4 != 4) {
        return -1;
      }
      header = 4 * (bytes[at] & 15);
      protocol = bytes[at + 9] & 0xff;
      keySourceHigh = 0;
      keyTargetHigh = 0;
      keySourceLow = NetworkOrder.get32(bytes, at + 12) & 0xffff_ffffL;
      keyTargetLow = NetworkOrder.get32(bytes, at + 16) & 0xffff_ffffL;
    } else {
      if (room < 40 || (bytes[at] >>> 4 & 15) != 6) {
        return -1;
      }
      header = 40;
      protocol = bytes[at + 6] & 0xff;
      keySourceHigh = NetworkOrder.get64(bytes, at + 8);
      keySourceLow = NetworkOrder.get64(bytes, at + 16);
      keyTargetHigh = NetworkOrder.get64(bytes, at + 24);
      keyTargetLow = NetworkOrder.get64(bytes, at + 32);
    }
    if (header < 20 || room < header + 8) {
      return -1;
    }
    long pair = NetworkOrder.get32(bytes, at + header) & 0xffff_ffffL;
    if (protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMP6) {
      long id = NetworkOrder.get16(bytes, at + header + 4);
      pair = id << 16 | id;
    }
    keyPorts = (long) frame.version() << 40 | (long) protocol << 32 | pair;
    // The error goes back to who sent what it quotes.
    if (find(now) >= 0) {
      return 1;
    }
    turn();
    return find(now) >= 0 ? 0 : -1;
  }
}
