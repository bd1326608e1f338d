package org.wardian.cli;

import java.util.Locale;

/** Devices that a board has only on request: the values of {@code --device}. */
enum ExtraDevice {
  /** Exit port, latches, interrupt ports and a memory window for system-level test kernels. */
  TESTDEV;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
