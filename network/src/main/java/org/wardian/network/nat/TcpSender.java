package org.wardian.network.nat;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.wardian.network.wire.TcpHeader;

/**
 * What goes to the guest on a connection: RFC 9293 §3.8, congestion control of RFC 5681 with the
 * recovery of RFC 6582, and SACK blocks to tell what is missing.
 */
final class TcpSender {
  private static final int MOST_RANGES = 64;
  private static final int DUPLICATES = 3;
  private static final int INITIAL_WINDOW = 128 << 10;
  private static final int LARGEST_WINDOW = 4 << 20;
  private static final int LONGEST = 65_000;

  /** What a connection does for its sender. */
  interface Segments {
    /** Sends a segment with payload from the ring. */
    void emit(int sequence, ByteRing ring, int from, int count, int flags, int mss);

    /** Whether the card has no room. */
    boolean congested();

    /** Whether the card cuts long segments itself. */
    boolean longSegments();

    long now();
  }

  private final Segments segments;
  private final NatCounters counters;
  final ByteRing ring;
  final RttEstimator rtt = new RttEstimator();
  private final SequenceRanges sacked = new SequenceRanges(MOST_RANGES);
  private int mss = 536;
  private int scale;
  private int unacknowledged;
  private int next;
  private int top;
  private long window;
  private long largestWindow;
  private int windowSequence;
  private int windowAcknowledgment;
  private long congestion = INITIAL_WINDOW;
  private long threshold = Long.MAX_VALUE;
  private int duplicates;
  private boolean recovering;
  private int recover;
  private int retransmitted;
  private boolean ending;
  private boolean ended;
  private boolean timing;
  private int timedSequence;
  private long timedSince;

  TcpSender(BufferPool pool, Segments segments, NatCounters counters) {
    ring = new ByteRing(pool);
    this.segments = segments;
    this.counters = counters;
  }

  /** Our SYN goes out with this number. */
  void begin(int initialSequence) {
    unacknowledged = initialSequence;
    next = initialSequence + 1;
    top = next;
  }

  /** What the guest's SYN said. */
  void agree(int maximumSegment, int windowScale) {
    mss = maximumSegment;
    scale = windowScale;
  }

  int mss() {
    return mss;
  }

  /** The first number that is not acknowledged. */
  int unacknowledged() {
    return unacknowledged;
  }

  /** The number after the last one that was sent. */
  int top() {
    return top;
  }

  int next() {
    return next;
  }

  /** Our SYN was acknowledged. */
  void established(TcpHeader segment) {
    unacknowledged = segment.acknowledgment();
    setWindow(segment);
  }

  private void setWindow(TcpHeader segment) {
    window = (long) segment.window() << (segment.has(TcpHeader.SYN) ? 0 : scale);
    largestWindow = Math.max(largestWindow, window);
    windowSequence = segment.sequence();
    windowAcknowledgment = segment.acknowledgment();
  }

  /** The host has no more data. */
  void end() {
    ending = true;
  }

  boolean ending() {
    return ending;
  }

  /** Whether everything, our FIN included, was acknowledged. */
  boolean ended() {
    return ended;
  }

  /** Whether something was sent and not acknowledged. */
  boolean outstanding() {
    return top != unacknowledged;
  }

  /** Whether the guest's window, and nothing else, keeps data back. */
  boolean stalled() {
    return next == unacknowledged && ring.length() > 0;
  }

  /** Reads from the host what fits; bytes, or -1 at the end of the stream. */
  int fill(SocketChannel channel) throws IOException {
    int read = ring.readFrom(channel);
    if (ring.length() == 0) {
      ring.relax();
    }
    return read;
  }

  /** Sends what windows allow. */
  void output() {
    while (!ended && !segments.congested()) {
      int flight = next - unacknowledged;
      int queued = ring.length() - flight;
      if (queued < 0) {
        // The FIN is out.
        return;
      }
      long usable = Math.min(window, congestion) - flight;
      int longest = segments.longSegments() ? LONGEST / mss * mss : mss;
      int size = (int) Math.min(Math.min(queued, usable), Math.max(longest, mss));
      if (size < queued && size > mss) {
        size = size / mss * mss;
      }
      boolean last = size == queued;
      if (queued > 0 && (size <= 0 || size < mss && !last && size < largestWindow / 2)) {
        return;
      }
      boolean fin = ending && last;
      if (queued == 0 && !fin) {
        return;
      }
      int flags = (last ? TcpHeader.PSH : 0) | (fin ? TcpHeader.FIN : 0);
      if (!timing && next == top) {
        timing = true;
        timedSequence = next;
        timedSince = segments.now();
      }
      if (next != top) {
        counters.retransmissions.increment();
      }
      int sequence = next;
      next += size + (fin ? 1 : 0);
      if (next - top > 0) {
        top = next;
      }
      segments.emit(sequence, ring, flight, size, flags, mss);
      if (fin) {
        return;
      }
    }
  }

  /**
   * Takes the acknowledgment, the window and the SACK blocks of a segment.
   *
   * @return false where it acknowledges what was never sent
   */
  boolean acknowledge(TcpHeader segment) {
    int acknowledgment = segment.acknowledgment();
    if (acknowledgment - top > 0) {
      return false;
    }
    int advanced = acknowledgment - unacknowledged;
    if (advanced < 0) {
      return true;
    }
    for (int i = 0; i + 1 < segment.sack().length; i += 2) {
      int from = segment.sack()[i];
      int to = segment.sack()[i + 1];
      if (from - acknowledgment > 0 && to - from > 0 && to - top <= 0) {
        sacked.add(from, to);
      }
    }
    long before = window;
    if (segment.sequence() - windowSequence > 0
        || segment.sequence() == windowSequence && acknowledgment - windowAcknowledgment >= 0) {
      setWindow(segment);
    }
    if (advanced > 0) {
      progress(acknowledgment, advanced);
    } else if (outstanding()
        && segment.length() == 0
        && !segment.has(TcpHeader.FIN)
        && (window == before || segment.sack().length > 0)) {
      duplicate();
    }
    return true;
  }

  private void progress(int acknowledgment, int advanced) {
    int data = Math.min(advanced, ring.length());
    ring.drop(data);
    ring.relax();
    unacknowledged = acknowledgment;
    if (next - acknowledgment < 0) {
      next = acknowledgment;
    }
    ended = ending && advanced > data;
    sacked.removeBelow(acknowledgment);
    rtt.progressed();
    if (timing && acknowledgment - timedSequence > 0) {
      timing = false;
      rtt.sample(segments.now() - timedSince);
    }
    if (!recovering) {
      duplicates = 0;
      congestion +=
          congestion < threshold ? advanced : Math.max(1, (long) mss * advanced / congestion);
    } else if (acknowledgment - recover >= 0) {
      recovering = false;
      duplicates = 0;
      congestion = threshold;
    } else {
      congestion = Math.max(congestion - advanced, 0) + mss;
      retransmitHole();
    }
    congestion = Math.min(congestion, LARGEST_WINDOW);
  }

  private void duplicate() {
    duplicates++;
    if (recovering) {
      congestion = Math.min(congestion + mss, LARGEST_WINDOW);
      if (!sacked.isEmpty()) {
        retransmitHole();
      }
    } else if (duplicates == DUPLICATES) {
      recovering = true;
      recover = top;
      retransmitted = unacknowledged;
      threshold = Math.max((top - unacknowledged) / 2, 2 * mss);
      congestion = threshold + DUPLICATES * mss;
      retransmitHole();
    }
  }

  /** Sends again what is missing first and was not sent again in this recovery. */
  private void retransmitHole() {
    int from = retransmitted - unacknowledged < 0 ? unacknowledged : retransmitted;
    int end = from + mss;
    if (!sacked.isEmpty()) {
      int hole = -1;
      for (int i = 0; i < sacked.count() && hole < 0; i++) {
        if (from - sacked.first(i) < 0) {
          end = sacked.first(i);
          hole = i;
        } else if (from - sacked.end(i) < 0) {
          from = sacked.end(i);
        }
      }
      if (hole < 0) {
        // Nothing above is known to have come: it may be on its way.
        return;
      }
    } else if (from != unacknowledged) {
      return;
    }
    int offset = from - unacknowledged;
    int longest = segments.longSegments() ? LONGEST / mss * mss : mss;
    int count = Math.min(Math.min(end - from, longest), ring.length() - offset);
    boolean fin = ending && offset + count == ring.length() && top - unacknowledged > ring.length();
    if (count < 0 || count == 0 && !fin) {
      return;
    }
    timing = false;
    retransmitted = from + count + (fin ? 1 : 0);
    counters.retransmissions.increment();
    segments.emit(from, ring, offset, count, fin ? TcpHeader.FIN : 0, mss);
  }

  /** No acknowledgment came in time: begins again after the last one that did. */
  void expired() {
    rtt.expired();
    threshold = Math.max((top - unacknowledged) / 2, 2 * mss);
    congestion = 2L * mss;
    recovering = false;
    duplicates = 0;
    timing = false;
    sacked.clear();
    next = unacknowledged;
    output();
  }

  void clear() {
    ring.clear();
  }
}
