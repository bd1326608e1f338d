package org.wardian.cli;

import java.util.Locale;

/** What the terminal is to the guest: the values of {@code --console}. */
enum ConsoleKind {
  /** The first serial port. */
  SERIAL,
  /** A virtio console; what is written to the serial port is shown as well. */
  VIRTIO;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
