package org.wardian.host.kvm;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * A write of the guest that signals an event file instead of leaving to the monitor.
 *
 * @param port whether the address is a port, else it is guest-physical
 * @param address of the write
 * @param length bytes of the write, 1, 2, 4 or 8, or 0 for any
 * @param value only writes of this value, or of any value
 */
public record IoEvent(boolean port, long address, int length, OptionalLong value) {
  /** Checks the form. */
  public IoEvent {
    Objects.requireNonNull(value, "value");
    if (length != 0 && length != 1 && length != 2 && length != 4 && length != 8) {
      throw new IllegalArgumentException("a write of " + length + " bytes");
    }
    if (length == 0 && value.isPresent()) {
      throw new IllegalArgumentException("a value of any length cannot be compared");
    }
  }
}
