package org.wardian.network.hub;

import org.wardian.network.DeliveryGate;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.wire.Segmenter;

/**
 * A card's port of a switch. What the sender leaves to do is left to the receiving card where that
 * takes it, and done here where it does not.
 */
public final class SwitchPort extends Outlet implements NetworkPort {
  private static final int BATCH = 64;

  private final Switch owner;
  private final Thread thread;
  private final DeliveryGate gate = new DeliveryGate();
  private volatile Offloads accepted = Offloads.NONE;

  SwitchPort(Switch owner) {
    this.owner = owner;
    thread = Thread.ofPlatform().daemon().name("wardian-switch-port").unstarted(this::run);
  }

  /** Frames that found no room, or came in a storm. */
  public long drops() {
    return dropped();
  }

  @Override
  public void attach(Receiver card) {
    gate.attach(card);
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
  public boolean send(Frame frame) {
    return owner.pass(this, frame);
  }

  @Override
  public void ready() {
    gate.ready();
  }

  @Override
  public int mtu() {
    return owner.mtu();
  }

  @Override
  public void start() {
    thread.start();
  }

  private void run() {
    for (Frame frame = take(); frame != null; frame = take()) {
      if (gate.begin()) {
        Frame next = frame;
        for (int i = 0; next != null; i++) {
          Segmenter.adapt(next, accepted, gate::deliver);
          next = i < BATCH ? poll() : null;
        }
        gate.batchEnd();
      }
      gate.end();
    }
  }

  @Override
  public void pause() {
    gate.pause();
  }

  @Override
  public void resume() {
    gate.resume();
  }

  @Override
  public void close() {
    if (!gate.close()) {
      return;
    }
    owner.remove(this);
    shut();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
