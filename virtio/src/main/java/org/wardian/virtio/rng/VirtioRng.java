package org.wardian.virtio.rng;

import java.util.random.RandomGenerator;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A source of random numbers (virtio 1.2 §5.4): fills what the driver offers, up to a number of
 * bytes a second.
 */
public final class VirtioRng extends VirtioDevice {
  private static final int QUEUE_SIZE = 64;

  /** The most bytes of one answer; a driver asks again for more. */
  private static final int LARGEST_ANSWER = 1 << 14;

  private static final long PERIOD = 100_000_000L;

  private final RandomGenerator source;
  private final Timers timers;
  private final Timer nextPeriod;
  private final long bytesPerPeriod;
  private long periodEnd = Long.MIN_VALUE;
  private long left;

  /**
   * A device.
   *
   * @param source where the numbers come from: the host's {@link java.security.SecureRandom}
   * @param bytesPerSecond the most that the guest gets, at least 10
   */
  public VirtioRng(String name, RandomGenerator source, Timers timers, long bytesPerSecond) {
    super(name, DeviceType.ENTROPY, 0, sizes(1, QUEUE_SIZE), 1);
    if (bytesPerSecond < 10) {
      throw new IllegalArgumentException(name + ": " + bytesPerSecond + " bytes a second");
    }
    this.source = source;
    this.timers = timers;
    this.bytesPerPeriod = bytesPerSecond / 10;
    this.nextPeriod = timers.timer(name, () -> wake(0));
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    do {
      while (granted() > 0) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        answer(queue, chain);
      }
      if (left == 0) {
        // The rest waits for the next period.
        return;
      }
    } while (queue.listen());
  }

  /** Bytes left of this period; a timer tells of the next one where there are none. */
  private long granted() {
    long now = timers.nanoseconds();
    if (now >= periodEnd) {
      periodEnd = now + PERIOD;
      left = bytesPerPeriod;
    } else if (left == 0) {
      nextPeriod.arm(periodEnd);
    }
    return left;
  }

  private void answer(Virtqueue queue, DescriptorChain chain) {
    if (chain.writable() == 0) {
      throw new QueueViolation("a request for no random bytes");
    }
    byte[] bytes = new byte[(int) Math.min(left, Math.min(LARGEST_ANSWER, chain.writable()))];
    source.nextBytes(bytes);
    left -= bytes.length;
    queue.complete(chain, chain.write(0, bytes, 0, bytes.length));
    queue.signal();
  }

  @Override
  protected void deactivated(Session ended) {
    nextPeriod.cancel();
  }

  @Override
  protected void onStop() {
    nextPeriod.cancel();
  }
}
