package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** A way to see the screen: {@code <graphics>}. */
public final class Graphics extends DomainDevice {
  /**
   * Where clients are waited for.
   *
   * @param type address, network, socket or none
   */
  public record Listen(
      String type, Optional<String> address, Optional<String> network, Optional<String> socket) {}

  Graphics(XmlElement element) {
    super(element);
  }

  /** vnc, spice, rdp, sdl, desktop, egl-headless or dbus. */
  public String type() {
    return element().attribute("type", "");
  }

  /** The TCP port; empty where one is chosen at start. */
  public OptionalInt port() {
    OptionalInt port = Values.integer(word("port"));
    return port.isPresent() && port.getAsInt() > 0 ? port : OptionalInt.empty();
  }

  /** Whether a port is chosen at start. */
  public boolean isAutomaticPort() {
    return Values.flag(attribute("autoport")).orElse(false)
        || (port().isEmpty() && attribute("socket").isEmpty());
  }

  /** The TCP port for web sockets; -1 is one chosen at start. */
  public OptionalInt webSocket() {
    return Values.integer(word("websocket"));
  }

  /** The UNIX socket of VNC. */
  public Optional<String> socket() {
    return attribute("socket")
        .or(() -> listens().stream().flatMap(listen -> listen.socket().stream()).findFirst());
  }

  /** The password. */
  public Optional<String> password() {
    return attribute("passwd");
  }

  /** Until when the password is good: a time in UTC as {@code 2026-01-31T12:00:00}. */
  public Optional<String> passwordValidTo() {
    return attribute("passwdValidTo");
  }

  /** What a client does to those that look already: disconnect, fail or keep. */
  public Optional<String> connected() {
    return attribute("connected");
  }

  /** Who may share the screen: allow-exclusive, force-shared or ignore. */
  public Optional<String> sharePolicy() {
    return attribute("sharePolicy");
  }

  /** The keyboard of a client that sends letters only, such as {@code de}. */
  public Optional<String> keymap() {
    return attribute("keymap");
  }

  /** Where clients are waited for; the first is the one that the attribute listen says too. */
  public List<Listen> listens() {
    return element().children("listen").stream()
        .map(listen ->
            new Listen(
                listen.attribute("type", "address"),
                Values.attribute(listen, "address"),
                Values.attribute(listen, "network"),
                Values.attribute(listen, "socket")))
        .toList();
  }

  /** The address to listen at, where one is said. */
  public Optional<String> listenAddress() {
    return attribute("listen")
        .or(() -> listens().stream().flatMap(listen -> listen.address().stream()).findFirst());
  }
}
