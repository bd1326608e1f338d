package org.wardian.storage.nbd;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Which parts of an export the server says are zeroes; the last answer is kept for a moment. */
final class RemoteExtents {
  /** Bytes that are asked for at once. */
  private static final long WINDOW = 1L << 30;

  /** How long an answer holds: others may write to the export. */
  private static final long LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ClientSession session;
  private final long size;
  private final int block;
  private final boolean known;

  /** Counts changes: an answer from before one is worth nothing. */
  private final AtomicLong changes = new AtomicLong();

  private volatile Answer last = new Answer(0, List.of(), -1, 0);

  private record Answer(long offset, List<Call.Status> statuses, long change, long time) {}

  RemoteExtents(ClientSession session, long size, int block) {
    this.session = session;
    this.size = size;
    this.block = block;
    known = !session.agreement().contexts().isEmpty();
  }

  /** Something was written. */
  void forget() {
    changes.incrementAndGet();
  }

  /** The first byte from {@code offset} on that is, or is not, data; the size where none is. */
  long next(long offset, boolean data) throws IOException {
    if (!known || offset >= size) {
      return data && offset < size ? offset : Math.max(offset, size);
    }
    long at = offset;
    while (at < size) {
      Answer answer = answer(at);
      long start = answer.offset();
      for (Call.Status status : answer.statuses()) {
        long end = start + status.length();
        boolean found = (status.flags() & Protocol.STATE_ZERO) == 0 == data;
        if (end > at && found) {
          return Math.max(at, start);
        }
        start = end;
      }
      at = start;
    }
    return size;
  }

  private Answer answer(long at) throws IOException {
    Answer kept = last;
    long change = changes.get();
    long now = System.nanoTime();
    if (kept.change() == change && now - kept.time() < LIFE_NANOS && covers(kept, at)) {
      return kept;
    }
    long from = at / block * block;
    long length = Math.min(WINDOW, size - from);
    Call call = session.carryOut(0, Protocol.CMD_BLOCK_STATUS, from, length, null, null);
    Answer answer = new Answer(from, List.copyOf(call.statuses), change, now);
    last = answer;
    return answer;
  }

  private static boolean covers(Answer answer, long at) {
    long end = answer.offset();
    for (Call.Status status : answer.statuses()) {
      end += status.length();
    }
    return at >= answer.offset() && at < end;
  }
}
