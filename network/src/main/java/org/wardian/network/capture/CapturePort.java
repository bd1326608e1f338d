package org.wardian.network.capture;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.network.ForwardingPort;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/**
 * Before a port: writes every frame that passes, both ways, to a file. Frames are kept as the card
 * and the port exchange them: long ones uncut, and checksums that are left to do not done.
 */
public final class CapturePort extends ForwardingPort {
  private static final long MOST = Long.MAX_VALUE;

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
    super(port);
    this.file = file;
  }

  /** Why the capture ended early; null where it did not. */
  public IOException failure() {
    return file.failure();
  }

  @Override
  public void attach(Receiver receiver) {
    super.attach(new Capturing(receiver));
  }

  private final class Capturing extends ForwardingReceiver {
    Capturing(Receiver card) {
      super(card);
    }

    @Override
    public boolean receive(Frame frame) {
      boolean taken = super.receive(frame);
      if (taken) {
        file.add(frame);
      }
      return taken;
    }

    @Override
    public void batchEnd() {
      super.batchEnd();
      file.flush();
    }
  }

  /**
   * Never, whatever the port: the file is written by who sends, and the host's disk may let it
   * wait.
   */
  @Override
  public boolean sendsAtOnce() {
    return false;
  }

  @Override
  public boolean send(Frame frame) {
    file.add(frame);
    return super.send(frame);
  }

  @Override
  public void pause() {
    super.pause();
    file.flush();
  }

  @Override
  public void close() {
    super.close();
    file.close();
  }
}
