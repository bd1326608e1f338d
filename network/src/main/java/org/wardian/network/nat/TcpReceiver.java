package org.wardian.network.nat;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.wardian.network.wire.TcpHeader;

/** What comes from the guest on a connection: order, window, acknowledgments; on to the host. */
final class TcpReceiver {
  /** Units of the window that we advertise: 16 bytes. */
  static final int SCALE = 4;

  private static final int MOST_RANGES = 32;
  private static final int LARGEST_FIELD = 0xffff;

  /** How long an acknowledgment may wait for company, in nanoseconds. */
  static final long DELAY = 10_000_000L;

  private final ByteRing ring;
  private final SequenceRanges early = new SequenceRanges(MOST_RANGES);
  private int segmentSize = 536;
  private int scale;
  private int next;
  private int edge;
  private int finAt;
  private boolean finKnown;
  private boolean finished;
  private int unacknowledged;
  private boolean urgent;

  TcpReceiver(BufferPool pool) {
    ring = new ByteRing(pool);
  }

  /** The guest's SYN has come. */
  void begin(int initialSequence, boolean scaled, int mss) {
    next = initialSequence + 1;
    edge = next;
    scale = scaled ? SCALE : 0;
    segmentSize = mss;
  }

  /** The number that we expect next, the guest's FIN included. */
  int next() {
    return finished ? next + 1 : next;
  }

  /** Whether all of the guest's data, and its FIN, have come. */
  boolean finished() {
    return finished;
  }

  /** Whether everything that came is with the host. */
  boolean drained() {
    return ring.length() == 0;
  }

  /** Whether a segment lies at least partly within the window (RFC 9293 §3.10.7.4). */
  boolean acceptable(TcpHeader segment) {
    int window = edge - next();
    int from = segment.sequence() - next();
    int span = segment.span();
    if (span == 0) {
      return from == 0 || from > 0 && from < window;
    }
    int last = from + span - 1;
    return from >= 0 && from < window || last >= 0 && last < window || from <= 0 && last >= 0;
  }

  /** Takes the payload and FIN of a segment that is acceptable. */
  void take(TcpHeader segment, byte[] bytes) {
    int from = segment.sequence() - next;
    int skip = Math.max(0, -from);
    int count = segment.length() - skip;
    boolean fin = segment.has(TcpHeader.FIN);
    if (finished) {
      urgent |= segment.span() > 0;
      return;
    }
    int gap = Math.max(0, from);
    if (count > 0 || fin) {
      if (count <= 0 && !fin) {
        urgent = true;
      } else if (count > 0) {
        if (!ring.prepare()) {
          // No memory: as if it had been lost.
          return;
        }
        int room = ring.free() - gap;
        if (count > room) {
          count = Math.max(0, room);
          fin = false;
        }
        if (finKnown && gap + count > finAt - next) {
          count = Math.max(0, finAt - next - gap);
        }
        place(segment.payload() + skip, bytes, gap, count);
      }
    } else if (segment.length() > 0) {
      urgent = true;
    }
    if (fin && !finKnown) {
      int at = segment.sequence() + segment.length();
      if (at - next >= 0) {
        finKnown = true;
        finAt = at;
      }
    }
    if (finKnown && next == finAt) {
      finished = true;
      urgent = true;
      early.clear();
    } else if (finKnown) {
      urgent = true;
    }
  }

  private void place(int offset, byte[] bytes, int gap, int count) {
    if (count <= 0) {
      urgent = true;
      return;
    }
    if (gap > 0) {
      urgent = true;
      if (early.add(next + gap, next + gap + count)) {
        ring.place(gap, bytes, offset, count);
      }
      return;
    }
    ring.place(0, bytes, offset, count);
    advance(count);
    if (!early.isEmpty()) {
      urgent = true;
      while (!early.isEmpty() && early.first(0) - next <= 0) {
        advance(Math.max(0, early.end(0) - next));
        early.removeBelow(next);
      }
    }
  }

  private void advance(int count) {
    ring.append(count);
    next += count;
    unacknowledged += count;
  }

  /**
   * Gives the host what it takes.
   *
   * @return whether everything is gone
   */
  boolean flush(SocketChannel channel) throws IOException {
    if (ring.length() > 0) {
      ring.writeTo(channel);
    }
    boolean empty = ring.length() == 0;
    if (empty && early.isEmpty()) {
      ring.relax();
    }
    return empty;
  }

  /** Whether an acknowledgment must go now. */
  boolean mustAcknowledge() {
    return urgent || unacknowledged >= 2 * segmentSize || windowGrew();
  }

  /** Whether an acknowledgment should go in a while. */
  boolean mayAcknowledge() {
    return unacknowledged > 0;
  }

  /** Wants an acknowledgment now. */
  void acknowledge() {
    urgent = true;
  }

  /** The guest, which had little room left, should hear that there is more (RFC 9293 §3.8.6.2). */
  private boolean windowGrew() {
    int open = edge - next;
    int free = ring.free();
    return open < 2 * segmentSize && free - open >= 2 * segmentSize;
  }

  /** The window field of a segment that goes now, whose acknowledgment is {@link #next}. */
  int window() {
    unacknowledged = 0;
    urgent = false;
    int free = Math.min(Math.max(0, ring.free()), LARGEST_FIELD << scale);
    int open = edge - next;
    // The edge never moves back, nor forth by a silly bit.
    if (free - open >= Math.min(segmentSize, BufferPool.SMALL / 2)) {
      edge = next + (free >> scale << scale);
      open = edge - next;
    }
    return Math.clamp(open >> scale, 0, LARGEST_FIELD);
  }

  /** The window field of our SYN, which is never scaled. */
  int synWindow() {
    int free = Math.min(Math.max(0, ring.free()), LARGEST_FIELD);
    edge = next + free;
    return free;
  }

  /** Fills in the blocks of a SACK option; how many. */
  int sack(int[] blocks, int most) {
    return early.blocks(blocks, most);
  }

  void clear() {
    early.clear();
    ring.clear();
  }
}
