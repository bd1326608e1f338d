package org.wardian.virtio.net;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.wardian.network.Frame;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/** Puts frames into the buffers that a driver offers in one queue. Its monitor guards it. */
final class ReceiveQueue {
  /** How it went with a frame. */
  enum Outcome {
    /** The driver has it. */
    TAKEN,
    /** No buffers now; {@link #refilled} tells when there are. */
    FULL,
    /** The driver's buffers can never hold it. */
    DROPPED
  }

  /** Bytes that the driver hears of before the end of a batch. */
  private static final int MUCH = 32 << 10;

  private final ByteBuffer header = FrameHeader.buffer();
  private final List<DescriptorChain> chains = new ArrayList<>();
  private int[] written = new int[8];

  /** The queue whose driver has to hear of frames, or null; how many bytes they have. */
  private Virtqueue untold;

  private int untoldBytes;

  /** A frame waits until the driver offers more. */
  private volatile boolean starved;

  /**
   * Hands a frame to the driver, who hears of it at the next {@link #tell}, or at once where much
   * has come: then it can begin while more is copied.
   *
   * @param headerLength bytes of the header that was agreed
   * @param mergeable whether a frame may go into several buffers
   * @throws QueueViolation where the driver breaks the rules
   */
  synchronized Outcome put(
      Virtqueue queue, Frame frame, boolean checksums, int headerLength, boolean mergeable) {
    int needed = headerLength + frame.length();
    while (true) {
      Outcome outcome = collect(queue, needed, mergeable);
      if (outcome == Outcome.TAKEN) {
        break;
      }
      if (outcome == Outcome.DROPPED) {
        return outcome;
      }
      starved = true;
      if (!queue.listenForMore()) {
        return outcome;
      }
      starved = false;
    }
    queue.silence();
    FrameHeader.write(frame, checksums, header);
    header.putShort(NetProtocol.BUFFERS, (short) chains.size());
    fill(frame, headerLength);
    queue.complete(chains, written);
    chains.clear();
    untold = queue;
    untoldBytes += needed;
    if (untoldBytes >= MUCH) {
      tell();
    }
    return Outcome.TAKEN;
  }

  /** Tells the driver of the frames that came since the last time. */
  synchronized void tell() {
    Virtqueue queue = untold;
    if (queue != null) {
      untold = null;
      untoldBytes = 0;
      queue.signal();
    }
  }

  /** Takes chains with room for {@code needed} bytes, or none. */
  private Outcome collect(Virtqueue queue, int needed, boolean mergeable) {
    chains.clear();
    long room = 0;
    while (room < needed) {
      DescriptorChain chain = queue.poll();
      if (chain == null) {
        boolean all = chains.size() == queue.size();
        putBack(queue);
        return all ? Outcome.DROPPED : Outcome.FULL;
      }
      chains.add(chain);
      room += chain.writable();
      if (chain.writable() < (chains.size() == 1 ? NetProtocol.LEGACY_HEADER : 1)) {
        putBack(queue);
        throw new QueueViolation("a buffer too small for a frame's header");
      }
      if (!mergeable && room < needed) {
        putBack(queue);
        return Outcome.DROPPED;
      }
    }
    return Outcome.TAKEN;
  }

  private void putBack(Virtqueue queue) {
    for (int i = chains.size() - 1; i >= 0; i--) {
      queue.unpoll(chains.get(i));
    }
    chains.clear();
  }

  private void fill(Frame frame, int headerLength) {
    if (written.length < chains.size()) {
      written = new int[2 * chains.size()];
    }
    int done = -headerLength;
    for (int i = 0; i < chains.size(); i++) {
      DescriptorChain chain = chains.get(i);
      int at = 0;
      if (done < 0) {
        at = chain.write(0, header.array(), headerLength + done, -done);
        done += at;
      }
      int part = 0;
      if (done >= 0) {
        part = chain.write(at, frame.bytes(), frame.offset() + done, frame.length() - done);
        done += part;
      }
      written[i] = at + part;
    }
  }

  /** Whether a frame has waited for buffers; asked when the driver has notified. */
  boolean refilled() {
    boolean waited = starved;
    starved = false;
    return waited;
  }
}
