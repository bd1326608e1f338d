package org.wardian.process.control;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
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
  private final boolean password;

  private ScreenServer(
      Optional<Screen> screen,
      KeyReceiver keys,
      PointerReceiver pointer,
      Optional<VncServer> server,
      boolean password) {
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
      return new ScreenServer(screen, machine.keys(), pointer, Optional.empty(), false);
    }
    Optional<String> secret = vnc.get().password();
    VncServer server = listen(vnc.get(), document.name(), screen.get(), machine.keys(), pointer);
    return new ScreenServer(
        screen, machine.keys(), pointer, Optional.of(server), secret.isPresent());
  }

  private static VncServer listen(
      Graphics graphics, String name, Screen screen, KeyReceiver keys, PointerReceiver pointer) {
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
        if (graphics.password().isPresent()) {
          options = options.withPassword(VncPassword.of(graphics.password().get()));
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
  boolean hasPassword() {
    return password;
  }

  @Override
  public void close() {
    server.ifPresent(VncServer::close);
  }
}
