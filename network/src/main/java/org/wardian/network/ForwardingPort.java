package org.wardian.network;

/**
 * Before a port: hands on everything, both ways. What stands between a card and its port extends
 * this, and says only what it changes.
 */
public abstract class ForwardingPort implements NetworkPort {
  private final NetworkPort port;

  /** Before {@code port}, which is this one's from then on: it is closed with it. */
  protected ForwardingPort(NetworkPort port) {
    this.port = port;
  }

  /** A card behind a card: hands on everything to {@code card}. */
  protected abstract static class ForwardingReceiver implements Receiver {
    private final Receiver card;

    /** Before {@code card}. */
    protected ForwardingReceiver(Receiver card) {
      this.card = card;
    }

    @Override
    public boolean receive(Frame frame) {
      return card.receive(frame);
    }

    @Override
    public void batchEnd() {
      card.batchEnd();
    }

    @Override
    public void linkChanged(boolean up) {
      card.linkChanged(up);
    }
  }

  @Override
  public void attach(Receiver receiver) {
    port.attach(receiver);
  }

  @Override
  public void accept(Offloads offloads) {
    port.accept(offloads);
  }

  @Override
  public Offloads offered() {
    return port.offered();
  }

  /** So does what is before: it must do no more for a frame than to look at it. */
  @Override
  public boolean sendsAtOnce() {
    return port.sendsAtOnce();
  }

  @Override
  public boolean send(Frame frame) {
    return port.send(frame);
  }

  @Override
  public void ready() {
    port.ready();
  }

  @Override
  public int mtu() {
    return port.mtu();
  }

  @Override
  public void start() {
    port.start();
  }

  @Override
  public void pause() {
    port.pause();
  }

  @Override
  public void resume() {
    port.resume();
  }

  @Override
  public void close() {
    port.close();
  }
}
