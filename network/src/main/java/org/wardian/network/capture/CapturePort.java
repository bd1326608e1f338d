package org.wardian.network.capture;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/**
 * Before a port: writes every frame that passes, both ways, to a file. Frames are kept as the card
 * and the port exchange them: long ones uncut, and checksums that are left to do not done.
 */
public final class CapturePort implements NetworkPort {
  private static final long MOST = Long.MAX_VALUE;

  private final NetworkPort port;
  private final CaptureFile file;

  /**
   * Captures what passes {@code port} into {@code path}.
   *
   * @throws IOException where the file cannot be written
   */
  public CapturePort(NetworkPort port, Path path) throws IOException {
    this(port, new CaptureFile(path, MOST));
  }

  /** Captures what passes {@code port} into a file, which is this port's from then on. */
  public CapturePort(NetworkPort port, CaptureFile file) {
    this.port = port;
    this.file = file;
  }

  /** Why the capture ended early; null where it did not. */
  public IOException failure() {
    return file.failure();
  }

  @Override
  public void attach(Receiver receiver) {
    port.attach(new Capturing(receiver));
  }

  private final class Capturing implements Receiver {
    private final Receiver card;

    Capturing(Receiver card) {
      this.card = card;
    }

    @Override
    public boolean receive(Frame frame) {
      boolean taken = card.receive(frame);
      if (taken) {
        file.add(frame);
      }
      return taken;
    }

    @Override
    public void batchEnd() {
      card.batchEnd();
      file.flush();
    }

    @Override
    public void linkChanged(boolean up) {
      card.linkChanged(up);
    }
  }

  @Override
  public boolean send(Frame frame) {
    file.add(frame);
    return port.send(frame);
  }

  @Override
  public void accept(Offloads offloads) {
    port.accept(offloads);
  }

  @Override
  public Offloads offered() {
    return port.offered();
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
    file.flush();
  }

  @Override
  public void resume() {
    port.resume();
  }

  @Override
  public void close() {
    port.close();
    file.close();
  }
}
