package org.wardian.display.vnc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;

/**
 * One client: a thread reads what it says, another one sends what it waits for. It holds a fixed
 * amount of memory beside the tiles that it has not got.
 */
final class ClientConnection implements AutoCloseable {
  /** Nanoseconds that a handshake may take. */
  static final long LONGEST_HANDSHAKE = 20_000_000_000L;

  /** Nanoseconds that a client may take to accept a buffer of 32 KiB. */
  static final long LONGEST_WRITE = 30_000_000_000L;

  // Milliseconds between two looks at a screen on which something, or nothing, happens.
  private static final long SHORT_PAUSE = 15;
  private static final long LONG_PAUSE = 60;

  /** What the client may do, and what it is told of. */
  interface Host {
    /**
     * Lets the client look, and tells it by {@link ClientConnection#admit}; others may have to go.
     *
     * @throws RfbException where there are too many
     */
    void admit(ClientConnection client, boolean shared) throws RfbException;

    /** The client is gone. */
    void gone(ClientConnection client, String why);
  }

  private final ClientChannel channel;
  private final String name;
  private final Handshake handshake;
  private final Canvas canvas;
  private final KeyReceiver keys;
  private final PointerReceiver pointer;
  private final Host host;
  private final long started = System.nanoTime();
  private volatile boolean admitted;
  private volatile String reason;

  ClientConnection(
      ClientChannel channel,
      String name,
      Handshake handshake,
      Canvas canvas,
      KeyReceiver keys,
      PointerReceiver pointer,
      Host host) {
    this.channel = channel;
    this.name = name;
    this.handshake = handshake;
    this.canvas = canvas;
    this.keys = keys;
    this.pointer = pointer;
    this.host = host;
  }

  /** Who it is. */
  String name() {
    return name;
  }

  /** Whether the handshake is over. */
  boolean admitted() {
    return admitted;
  }

  /** The handshake is over. */
  void admit() {
    admitted = true;
  }

  /** Serves the client until it goes. */
  void run() {
    String why = "an error of the server";
    try {
      handshake.agree();
      host.admit(this, handshake.shared());
      serve();
      why = "left";
    } catch (EOFException e) {
      why = "left";
    } catch (ClosedChannelException e) {
      why = "was disconnected";
    } catch (IOException e) {
      why = String.valueOf(e.getMessage());
    } finally {
      close();
      host.gone(this, reason == null ? why : reason);
    }
  }

  private void serve() throws IOException {
    Damage damage = canvas.open();
    try {
      Rectangle size = canvas.size();
      handshake.initialise(size.width(), size.height());
      ClientState state = new ClientState(size.width(), size.height());
      Thread sender =
          Thread.ofVirtual()
              .name("vnc-send " + name)
              .start(
                  () -> send(new UpdateWriter(handshake.output(), state, canvas, damage), state));
      try (ClientMessages messages = new ClientMessages(handshake.input(), state, keys, pointer)) {
        while (true) {
          messages.read();
        }
      } finally {
        state.close();
        // A write that waits ends with the channel.
        close();
        join(sender);
      }
    } finally {
      canvas.close(damage);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(UpdateWriter updates, ClientState state) {
    try (updates) {
      long pause = SHORT_PAUSE;
      while (state.await()) {
        pause = updates.write() ? Math.min(2 * pause, LONG_PAUSE) : SHORT_PAUSE;
        state.pause(pause);
      }
    } catch (IOException e) {
      end("could not be sent to: " + e.getMessage());
    } catch (InterruptedException e) {
      end("was disconnected");
    } finally {
      close();
    }
  }

  /** Ends the connection, if it takes too long over something. */
  void check(long now) {
    if (!admitted && now - started > LONGEST_HANDSHAKE) {
      end("took too long over the handshake");
    } else if (channel.stuck(now, LONGEST_WRITE)) {
      end("does not read what it asked for");
    }
  }

  /** Ends the connection for a reason. */
  void end(String why) {
    if (reason == null) {
      reason = why;
    }
    close();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is closed, whatever it says.
    }
  }
}
