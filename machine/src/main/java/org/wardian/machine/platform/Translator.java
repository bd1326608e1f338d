package org.wardian.machine.platform;

import java.util.Locale;

/** How our own processor executes code. */
public enum Translator {
  /** By code for the host's processor where the host allows it, otherwise by interpretation. */
  AUTO,

  /** By code for the host's processor: x86-64 hosts that allow executable memory. */
  HOST,

  /** By interpretation alone. */
  OFF;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
