package org.wardian.process.control;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Graphics;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.display.Screen;
import org.wardian.display.vnc.VncAddress;
import org.wardian.display.vnc.VncOptions;
import org.wardian.display.vnc.VncPassword;
import org.wardian.display.vnc.VncServer;
import org.wardian.machine.Machine;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.domain.MachineParts;

/** The display of a machine, and the VNC server that shows it where the document has one. */
public final class ScreenServer implements AutoCloseable {
  private static final int FIRST_PORT = 5900;
  private static final int LAST_PORT = 65535;
  private static final String USUAL_HOST = "127.0.0.1";

  private final Optional<Screen> screen;
  private final KeyReceiver keys;
  private final PointerReceiver pointer;
  private final Optional<VncServer> server;

  /** What viewers need to know; null where they need to know nothing. Guarded by the monitor. */
  private VncPassword password;

  private ScreenServer(
      Optional<Screen> screen,
      KeyReceiver keys,
      PointerReceiver pointer,
      Optional<VncServer> server,
      VncPassword password) {
    this.screen = screen;
    this.keys = keys;
    this.pointer = pointer;
    this.server = server;
    this.password = password;
  }

  /**
   * Serves what the document asks for.
   *
   * @throws AssemblyException where that cannot be
   */
  public static ScreenServer open(
      DomainDocument document, Machine machine, MachineParts parts, MachineControl control) {
    PointerReceiver pointer = parts.pointer(machine.pointer());
    Optional<Graphics> vnc = Optional.empty();
    for (Graphics graphics : document.graphics()) {
      switch (graphics.type()) {
        case "vnc" -> vnc = Optional.of(graphics);
        case "egl-headless", "dbus" -> {
          // Shown to nobody.
        }
        default ->
            throw new AssemblyException(
                Reason.REQUEST,
                "this machine has no graphics of type " + graphics.type() + "; there is vnc");
      }
    }
    Optional<Screen> screen = machine.screen();
    if (vnc.isEmpty() || screen.isEmpty()) {
      return new ScreenServer(screen, machine.keys(), pointer, Optional.empty(), null);
    }
    VncPassword password;
    try {
      password = vnc.get().password().isPresent() ? password(vnc.get()) : null;
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new AssemblyException(Reason.REQUEST, "graphics: " + e.getMessage(), e);
    }
    VncServer server =
        listen(vnc.get(), document.name(), screen.get(), machine.keys(), pointer, password);
    return new ScreenServer(screen, machine.keys(), pointer, Optional.of(server), password);
  }

  /** The password of a document, with its end; an empty one lets nobody in. */
  private static VncPassword password(Graphics graphics) {
    VncPassword password = password(graphics.password().orElse(""));
    return graphics.passwordValidTo().isEmpty()
        ? password
        : password.until(
            LocalDateTime.parse(graphics.passwordValidTo().get()).toInstant(ZoneOffset.UTC));
  }

  private static VncPassword password(String text) {
    return text.isEmpty() ? VncPassword.refusing() : VncPassword.of(text);
  }

  private static VncServer listen(
      Graphics graphics,
      String name,
      Screen screen,
      KeyReceiver keys,
      PointerReceiver pointer,
      VncPassword password) {
    String host = graphics.listenAddress().orElse(USUAL_HOST);
    boolean searching = graphics.socket().isEmpty() && graphics.port().isEmpty();
    int port = graphics.port().orElse(FIRST_PORT);
    while (true) {
      VncAddress address =
          graphics.socket().isPresent()
              ? new VncAddress.Unix(Path.of(graphics.socket().get()))
              : new VncAddress.Tcp(host, port);
      try {
        VncOptions options = VncOptions.at(address).withName(name);
        if (password != null) {
          options = options.withPassword(password);
        }
        return VncServer.listen(options, screen, keys, pointer);
      } catch (IOException e) {
        if (searching && e.getCause() instanceof BindException && port < LAST_PORT) {
          port++;
        } else {
          throw new AssemblyException(Reason.HOST, e.getMessage(), e);
        }
      } catch (IllegalArgumentException e) {
        throw new AssemblyException(Reason.REQUEST, "graphics: " + e.getMessage(), e);
      }
    }
  }

  /** What the guest shows; empty where it has no display. */
  Optional<Screen> screen() {
    return screen;
  }

  /** The guest's keyboard. */
  KeyReceiver keys() {
    return keys;
  }

  /** What points on the guest's screen. */
  PointerReceiver pointer() {
    return pointer;
  }

  /** The VNC server. */
  Optional<VncServer> server() {
    return server;
  }

  /** Whether viewers need a password. */
  synchronized boolean hasPassword() {
    return password != null;
  }

  /**
   * Has viewers asked for another password, without an end; those who look go on.
   *
   * @param text empty where nobody may come any more
   * @throws IllegalStateException where they needed none until now
   * @throws IllegalArgumentException where it can be no password
   */
  synchronized void setPassword(String text) {
    change(password(text));
  }

  /**
   * Sets when the password lets nobody in any more.
   *
   * @param end empty for never
   * @throws IllegalStateException where there is none
   */
  synchronized void setEnd(Optional<Instant> end) {
    if (password == null) {
      throw new IllegalStateException("there is no password");
    }
    change(end.map(password::until).orElseGet(password::forEver));
  }

  private void change(VncPassword next) {
    if (password == null || server.isEmpty()) {
      throw new IllegalStateException("there is no password");
    }
    server.get().setPassword(next);
    password = next;
  }

  @Override
  public void close() {
    server.ifPresent(VncServer::close);
  }
}
