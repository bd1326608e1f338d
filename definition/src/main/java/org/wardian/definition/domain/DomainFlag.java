package org.wardian.definition.domain;

import java.util.EnumSet;
import java.util.Set;

/** What a client wants to see of a document: {@code virDomainXMLFlags}. */
public enum DomainFlag {
  /** With passwords. */
  SECURE(1),
  /** The definition that the next start takes, without what is there while it runs. */
  INACTIVE(2),
  /**
   * With the processor that a host-model turns out to be; a document does not know that, see {@link
   * org.wardian.definition.capabilities.HostModel#update}.
   */
  UPDATE_CPU(4),
  /**
   * As a host of an older release that it moves to can read it: inactive, with passwords, without
   * what every release adds by itself.
   */
  MIGRATABLE(8);

  private final int bit;

  DomainFlag(int bit) {
    this.bit = bit;
  }

  /** Its bit in a call. */
  public int bit() {
    return bit;
  }

  /** The flags of a call; bits that are none are left out. */
  public static Set<DomainFlag> of(int bits) {
    EnumSet<DomainFlag> flags = EnumSet.noneOf(DomainFlag.class);
    for (DomainFlag flag : values()) {
      if ((bits & flag.bit) != 0) {
        flags.add(flag);
      }
    }
    return flags;
  }
}
