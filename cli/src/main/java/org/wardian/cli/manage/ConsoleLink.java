package org.wardian.cli.manage;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.StandardInput;
import org.wardian.host.Terminal;
import org.wardian.libvirt.client.ClientStream;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;

/**
 * A machine's console, joined to this process's terminal or pipes until either end leaves. The
 * terminal is as it was afterwards, also behind a signal.
 */
final class ConsoleLink {
  private final ClientStream stream;
  private final InputStream in;
  private final OutputStream out;
  private final boolean interactive;
  private final AtomicBoolean left = new AtomicBoolean();

  ConsoleLink(ClientStream stream, InputStream in, OutputStream out, boolean interactive) {
    this.stream = stream;
    this.in = in;
    this.out = out;
    this.interactive = interactive;
  }

  /** What is done once the console is open. */
  interface Start {
    void run() throws LibvirtException;
  }

  /**
   * Joins the process's own streams to a machine's console.
   *
   * @param device alias, or null for the first
   * @param start done when the console is open, or null
   */
  static void join(Domain domain, String device, int flags, PrintWriter err, Start start)
      throws LibvirtException, IOException {
    Optional<Terminal> terminal = Terminal.standard();
    Thread restoration = new Thread(Terminal::restoreAll, "terminal-restoration");
    try (ClientStream stream = domain.console(device, flags)) {
      terminal.ifPresent(one -> {
        err.println(
            "ward: connected to " + Cells.plain(domain.name()) + "; Ctrl-] or Ctrl-A x leaves");
        err.flush();
        Runtime.getRuntime().addShutdownHook(restoration);
        one.raw();
      });
      if (start != null) {
        start.run();
      }
      new ConsoleLink(
              stream,
              StandardInput.open(),
              new FileOutputStream(FileDescriptor.out),
              terminal.isPresent())
          .run();
    } finally {
      if (terminal.isPresent()) {
        Terminal.restoreAll();
        err.println();
        err.flush();
      }
    }
  }

  /**
   * Passes bytes both ways until the user leaves or the machine closes its console.
   *
   * @throws Failure where nobody reads the output any more
   */
  void run() throws LibvirtException {
    Thread keyboard = Thread.ofPlatform().daemon().name("console-input").start(this::passKeys);
    try {
      while (true) {
        switch (stream.receive()) {
          case StreamItem.Data data -> {
            out.write(data.bytes());
            out.flush();
          }
          case StreamItem.Hole hole -> throw new IllegalStateException("a hole in a console");
          case StreamItem.End end -> {
            return;
          }
        }
      }
    } catch (LibvirtException e) {
      if (!left.get()) {
        throw e;
      }
    } catch (IOException readerIsGone) {
      throw new Failure(
          ExitStatus.OUTPUT_CLOSED, "nobody reads the console's output", readerIsGone);
    } finally {
      keyboard.interrupt();
    }
  }

  private void passKeys() {
    LeaveKeys keys = new LeaveKeys();
    byte[] typed = new byte[1024];
    try {
      for (int length = in.read(typed); length >= 0; length = in.read(typed)) {
        byte[] forGuest = interactive ? keys.accept(typed, length) : typed;
        stream.send(forGuest, 0, interactive ? forGuest.length : length);
        if (keys.left()) {
          left.set(true);
          stream.close();
          return;
        }
      }
    } catch (IOException | LibvirtException over) {
      // The other direction tells why, or goes on without keys.
      return;
    }
  }
}
