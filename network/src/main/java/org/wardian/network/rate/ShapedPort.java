package org.wardian.network.rate;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.wardian.network.ForwardingPort;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/**
 * Before a port: holds back what comes to the card faster than its limit, and drops what the card
 * sends faster than that. So does libvirt: tc(8) queues what goes into an interface, and polices
 * what comes out of it. Limits can be changed while frames flow.
 */
public final class ShapedPort extends ForwardingPort {
  private static final long LEAST_WAIT = 500_000L;
  private static final long MOST_WAIT = 100_000_000L;

  private final AtomicBoolean waiting = new AtomicBoolean();
  private final LongAdder drops = new LongAdder();
  private volatile TokenBucket inbound;
  private volatile TokenBucket outbound;
  private volatile boolean closed;

  /** Without limits to and from {@code port}. */
  public ShapedPort(NetworkPort port) {
    super(port);
  }

  /**
   * Sets the limits.
   *
   * @param toCard of what the card receives
   * @param fromCard of what it sends
   */
  public void limit(Optional<RateLimit> toCard, Optional<RateLimit> fromCard) {
    long now = System.nanoTime();
    inbound = toCard.map(limit -> new TokenBucket(limit, now)).orElse(null);
    outbound = fromCard.map(limit -> new TokenBucket(limit.policed(), now)).orElse(null);
    // What was held back by the old limit goes on by the new one.
    ready();
  }

  /** What the card receives at most. */
  public Optional<RateLimit> inbound() {
    return Optional.ofNullable(inbound).map(TokenBucket::limit);
  }

  /** What the card sends at most. */
  public Optional<RateLimit> outbound() {
    return Optional.ofNullable(outbound).map(TokenBucket::limit);
  }

  /** Frames of the card that were dropped. */
  public long drops() {
    return drops.sum();
  }

  @Override
  public void attach(Receiver receiver) {
    super.attach(
        new ForwardingReceiver(receiver) {
          @Override
          public boolean receive(Frame frame) {
            TokenBucket bucket = inbound;
            if (bucket == null) {
              return super.receive(frame);
            }
            if (!bucket.take(frame.length(), System.nanoTime())) {
              readyLater(bucket);
              return false;
            }
            boolean taken = super.receive(frame);
            if (!taken) {
              bucket.giveBack(frame.length());
            }
            return taken;
          }
        });
  }

  private void readyLater(TokenBucket bucket) {
    if (!waiting.compareAndSet(false, true)) {
      return;
    }
    Thread.ofVirtual()
        .name("wardian-shape")
        .start(() -> {
          try {
            long wait = bucket.untilReady(System.nanoTime());
            Thread.sleep(Duration.ofNanos(Math.clamp(wait, LEAST_WAIT, MOST_WAIT)));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          waiting.set(false);
          if (!closed) {
            ready();
          }
        });
  }

  @Override
  public boolean send(Frame frame) {
    TokenBucket bucket = outbound;
    if (bucket != null && !bucket.take(frame.length(), System.nanoTime())) {
      drops.increment();
      return false;
    }
    return super.send(frame);
  }

  @Override
  public void close() {
    closed = true;
    super.close();
  }
}
