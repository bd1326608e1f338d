package org.wardian.machine.platform;

/** How our own processor executes code. */
public enum Translator {
  /** By interpretation alone. */
  OFF,

  /** By code for the host's processor where it can: x86-64 hosts that allow executable memory. */
  HOST;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
