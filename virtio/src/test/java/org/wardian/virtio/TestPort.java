package org.wardian.virtio;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/** A port that keeps what the guest sends. */
final class TestPort implements NetworkPort {
  final Queue<Frame> sent = new ConcurrentLinkedQueue<>();
  final AtomicInteger readies = new AtomicInteger();
  volatile Offloads accepted = Offloads.NONE;
  volatile boolean keeps = true;
  volatile boolean atOnce;
  Receiver card;

  @Override
  public void attach(Receiver receiver) {
    card = receiver;
  }

  @Override
  public void accept(Offloads offloads) {
    accepted = offloads;
  }

  @Override
  public Offloads offered() {
    return Offloads.ALL;
  }

  @Override
  public boolean sendsAtOnce() {
    return atOnce;
  }

  @Override
  public boolean send(Frame frame) {
    if (keeps) {
      sent.add(frame);
    }
    return true;
  }

  @Override
  public void ready() {
    readies.incrementAndGet();
  }

  @Override
  public int mtu() {
    return 1500;
  }

  @Override
  public void start() {
    // Frames come when a test sends them.
  }

  @Override
  public void pause() {
    // Nothing is under way.
  }

  @Override
  public void resume() {
    // Nothing waits.
  }

  @Override
  public void close() {
    // Nothing to give back.
  }
}
