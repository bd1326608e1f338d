package org.wardian.virtio.console;

import java.util.concurrent.atomic.AtomicBoolean;

/** A port that a device has, with what is on its way to the guest and whose ends are open. */
final class PortPlace {
  final ConsolePort port;
  final PortInput input = new PortInput();

  /** Whether somebody is at the host's end. */
  final AtomicBoolean connected = new AtomicBoolean(true);

  private volatile boolean open;

  PortPlace(ConsolePort port) {
    this.port = port;
  }

  /** Whether a program of the guest has it open. */
  boolean isOpen() {
    return open;
  }

  /** Whether the guest hears what comes for it: a console always does. */
  boolean takesInput() {
    return open || port.console();
  }

  /** A program of the guest has it open now, or not; whoever wants to know is told. */
  void opened(boolean now) {
    open = now;
    port.guest().opened(now);
  }

  /** Whether the guest knows the port by this name, as this kind. */
  boolean isKnownAs(String name, boolean console) {
    return port.name().equals(name) && port.console() == console;
  }
}
