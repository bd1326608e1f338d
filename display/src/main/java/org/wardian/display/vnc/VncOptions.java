package org.wardian.display.vnc;

import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How a VNC server serves.
 *
 * @param address where it listens
 * @param name of the machine, for the viewer's title; 255 bytes of UTF-8 are shown
 * @param password that a client must know; empty for none
 * @param tls with which connections are encrypted; where there is one, no client does without
 * @param sharing what happens to clients when one more comes
 * @param clients the most at once that look; more are refused, 1 or more
 * @param log takes a line for each client that comes, and that goes and why; any thread
 */
public record VncOptions(
    VncAddress address,
    String name,
    Optional<VncPassword> password,
    Optional<VncTls> tls,
    Sharing sharing,
    int clients,
    Consumer<String> log) {
  private static final int CLIENTS = 16;

  /** What happens to clients when one more comes. */
  public enum Sharing {
    /** One that wants the screen for itself alone gets it, and the others end. */
    AS_ASKED,
    /** All stay, whatever a client wants. */
    ALWAYS
  }

  /** Checks. */
  public VncOptions {
    Objects.requireNonNull(address);
    Objects.requireNonNull(name);
    Objects.requireNonNull(sharing);
    Objects.requireNonNull(log);
    if (clients < 1) {
      throw new IllegalArgumentException("a VNC server for " + clients + " clients");
    }
  }

  /** Without password and encryption, for 16 clients that share as they ask, in silence. */
  public static VncOptions at(VncAddress address) {
    return new VncOptions(
        address,
        "Wardian",
        Optional.empty(),
        Optional.empty(),
        Sharing.AS_ASKED,
        CLIENTS,
        line -> {});
  }

  /** The same with a name. */
  public VncOptions withName(String newName) {
    return new VncOptions(address, newName, password, tls, sharing, clients, log);
  }

  /** The same with a password. */
  public VncOptions withPassword(VncPassword newPassword) {
    return new VncOptions(address, name, Optional.of(newPassword), tls, sharing, clients, log);
  }

  /** The same, encrypted. */
  public VncOptions withTls(VncTls newTls) {
    return new VncOptions(address, name, password, Optional.of(newTls), sharing, clients, log);
  }

  /** The same with another rule for sharing. */
  public VncOptions withSharing(Sharing newSharing) {
    return new VncOptions(address, name, password, tls, newSharing, clients, log);
  }

  /** The same for another number of clients. */
  public VncOptions withClients(int newClients) {
    return new VncOptions(address, name, password, tls, sharing, newClients, log);
  }

  /** The same with somebody who is told. */
  public VncOptions withLog(Consumer<String> newLog) {
    return new VncOptions(address, name, password, tls, sharing, clients, newLog);
  }
}
