package org.wardian.process.character;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * The host's end of a serial port or channel. The guest never waits for it: output that nobody
 * takes is dropped, as a serial line without a listener does.
 */
public abstract class CharacterBackend implements AutoCloseable {
  /** What the guest's end of the connection does. */
  public interface Guest {
    /**
     * Bytes for the guest; waits while the guest does not read.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    void input(byte[] bytes, int offset, int length) throws InterruptedException;

    /** Somebody is at the host's end now, or nobody is. */
    default void connected(boolean there) {}
  }

  /** Bytes for a reader that is behind. */
  private static final int WAITING = 64 << 10;

  private final String id;
  private final byte[] ring = new byte[WAITING];
  private int first;
  private int count;
  private boolean closed;
  private Guest guest;
  private Optional<OutputStream> log = Optional.empty();
  private volatile boolean openInGuest;

  CharacterBackend(String id) {
    this.id = id;
  }

  /** The name of the device. */
  public final String id() {
    return id;
  }

  /**
   * Where it is, as {@code query-chardev} says it: {@code pty:/dev/pts/3}, {@code
   * unix:/run/agent,server=on}, {@code file}, {@code null}.
   */
  public abstract String filename();

  /** Copies the guest's output to a file as well. */
  public final void logTo(OutputStream file) {
    log = Optional.of(file);
  }

  /** Begins; the guest's end is ready. */
  public final void start(Guest end) {
    guest = end;
    Thread.ofPlatform().daemon().name(id + "-output").start(this::write);
    begin();
  }

  /** Starts threads for the other direction. */
  void begin() {}

  final Guest guest() {
    return guest;
  }

  /** The guest's program has the port open, or not. */
  public final void openInGuest(boolean open) {
    openInGuest = open;
  }

  /** Whether the guest's program has the port open; a serial port always is. */
  public final boolean isOpenInGuest() {
    return openInGuest;
  }

  /** Output of the guest; any thread, returns at once. */
  public final synchronized void output(byte[] bytes, int offset, int length) {
    for (int i = 0; i < length && count < WAITING; i++) {
      ring[(first + count++) % WAITING] = bytes[offset + i];
    }
    notifyAll();
  }

  private void write() {
    byte[] piece = new byte[4096];
    int length;
    while ((length = next(piece)) > 0) {
      try {
        if (log.isPresent()) {
          log.get().write(piece, 0, length);
          log.get().flush();
        }
        deliver(piece, length);
      } catch (IOException | RuntimeException e) {
        // Whoever was there is gone; the guest goes on as with a line that nobody listens to.
        lost();
      }
    }
  }

  private synchronized int next(byte[] piece) {
    while (count == 0 && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        return 0;
      }
    }
    int length = Math.min(count, piece.length);
    for (int i = 0; i < length; i++) {
      piece[i] = ring[(first + i) % WAITING];
    }
    first = (first + length) % WAITING;
    count -= length;
    return length;
  }

  /** Gives bytes to whoever is there, and drops them where nobody is. */
  abstract void deliver(byte[] bytes, int length) throws IOException;

  /** Bytes could not be given. */
  void lost() {}

  /** Whether {@link #close} was called. */
  final synchronized boolean isClosed() {
    return closed;
  }

  /** Ends; what the guest said before is still written by the backend's thread. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (log.isPresent()) {
      try {
        log.get().close();
      } catch (IOException e) {
        // What could be written has been.
      }
    }
  }
}
