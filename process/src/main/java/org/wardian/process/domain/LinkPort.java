package org.wardian.process.domain;

import java.util.concurrent.atomic.LongAdder;
import org.wardian.network.ForwardingPort;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;

/** A cable between a card and its port: can be pulled, and counts what passes. */
public final class LinkPort extends ForwardingPort {
  /**
   * What has passed; received is what came to the guest.
   *
   * @param receiveDrops frames that came while the cable was pulled
   */
  public record Counts(
      long receivedBytes,
      long receivedFrames,
      long receiveDrops,
      long sentBytes,
      long sentFrames,
      long sendDrops) {}

  private final NetworkPort backend;
  private final CardLimits limits;
  private final LongAdder receivedBytes = new LongAdder();
  private final LongAdder receivedFrames = new LongAdder();
  private final LongAdder receiveDrops = new LongAdder();
  private final LongAdder sentBytes = new LongAdder();
  private final LongAdder sentFrames = new LongAdder();
  private final LongAdder sendDrops = new LongAdder();
  private volatile boolean up;
  private volatile Receiver card;

  /** A cable to a port, plugged in or not, without limits at first. */
  LinkPort(NetworkPort backend, MacAddress address, boolean up) {
    this(backend, new CardLimits(backend, address), up);
  }

  private LinkPort(NetworkPort backend, CardLimits limits, boolean up) {
    super(limits.port());
    this.backend = backend;
    this.limits = limits;
    this.up = up;
  }

  /** What may pass. */
  public CardLimits limits() {
    return limits;
  }

  /** Plugs the cable in, or pulls it. */
  public void setUp(boolean plugged) {
    up = plugged;
    Receiver told = card;
    if (told != null) {
      told.linkChanged(plugged);
    }
  }

  /** Whether the cable is plugged in. */
  public boolean isUp() {
    return up;
  }

  /** What has passed so far. */
  public Counts counts() {
    return new Counts(
        receivedBytes.sum(),
        receivedFrames.sum(),
        receiveDrops.sum(),
        sentBytes.sum(),
        sentFrames.sum(),
        sendDrops.sum());
  }

  /** What is at the other end of the cable. */
  public NetworkPort port() {
    return backend;
  }

  @Override
  public void attach(Receiver receiver) {
    card = receiver;
    super.attach(
        new ForwardingReceiver(receiver) {
          @Override
          public boolean receive(Frame frame) {
            if (!up) {
              receiveDrops.increment();
              return true;
            }
            boolean taken = super.receive(frame);
            if (taken) {
              receivedBytes.add(frame.length());
              receivedFrames.increment();
            }
            return taken;
          }

          @Override
          public void linkChanged(boolean plugged) {
            super.linkChanged(plugged && up);
          }
        });
    if (!up) {
      receiver.linkChanged(false);
    }
  }

  @Override
  public boolean send(Frame frame) {
    long bytes = frame.length();
    if (up && super.send(frame)) {
      sentBytes.add(bytes);
      sentFrames.increment();
      return true;
    }
    sendDrops.increment();
    return false;
  }

  @Override
  public void close() {
    limits.close();
    super.close();
  }
}
