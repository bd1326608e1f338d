package org.wardian.network;

import java.util.ArrayDeque;
import java.util.SplittableRandom;

/** A bad cable before a port: loses, doubles and reorders frames both ways, by a seed. */
public final class LossyPort extends ForwardingPort {
  private final Way there;
  private final Way back;

  /** What happens to frames, each a part of 1. */
  public record Damage(double loss, double duplication, double reordering) {}

  /** Where a frame goes on to. */
  private interface Next {
    void take(Frame frame);
  }

  private static final class Way {
    private static final int MOST_LATE = 3;

    private final SplittableRandom random;
    private final Damage damage;
    private final ArrayDeque<Frame> late = new ArrayDeque<>();

    Way(long seed, Damage damage) {
      random = new SplittableRandom(seed);
      this.damage = damage;
    }

    synchronized void pass(Frame frame, Next next) {
      if (random.nextDouble() < damage.loss()) {
        return;
      }
      if (random.nextDouble() < damage.reordering()) {
        late.addLast(copy(frame));
      } else {
        next.take(frame);
        if (random.nextDouble() < damage.duplication()) {
          next.take(copy(frame));
        }
      }
      while (late.size() > MOST_LATE || !late.isEmpty() && random.nextInt(4) == 0) {
        next.take(late.removeFirst());
      }
    }
  }

  /** Puts the cable before {@code port}. */
  public LossyPort(NetworkPort port, Damage damage, long seed) {
    super(port);
    there = new Way(seed, damage);
    back = new Way(seed + 1, damage);
  }

  private static Frame copy(Frame frame) {
    byte[] bytes = new byte[frame.length()];
    System.arraycopy(frame.bytes(), frame.offset(), bytes, 0, bytes.length);
    return new Frame(
        bytes,
        0,
        bytes.length,
        frame.checksumStart(),
        frame.checksumOffset(),
        frame.checksumValid(),
        frame.segmentation(),
        frame.segmentSize());
  }

  @Override
  public void attach(Receiver receiver) {
    super.attach(
        new ForwardingReceiver(receiver) {
          @Override
          public boolean receive(Frame frame) {
            back.pass(frame, super::receive);
            return true;
          }
        });
  }

  @Override
  public boolean send(Frame frame) {
    there.pass(frame, super::send);
    return true;
  }
}
