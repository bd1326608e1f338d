package org.wardian.cli;

import java.util.Locale;

/** What a viewer's pointer is to the guest: the values of {@code --input}. */
enum PointerKind {
  /** A tablet, which knows places; a mouse until the guest has a driver for it. */
  TABLET,
  /** A mouse, which knows movements. */
  MOUSE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
