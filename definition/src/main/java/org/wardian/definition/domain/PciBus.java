package org.wardian.definition.domain;

/** A PCI bus while addresses are given: what its slots are for and which functions are taken. */
final class PciBus {
  /** What a bus accepts, and a device needs. */
  enum Kind {
    /** A conventional slot. */
    PCI,
    /** A slot of PCI Express below a port. */
    EXPRESS,
    /** The root complex: ports and what is built in. */
    ROOT
  }

  private static final int SLOTS = 32;
  private static final int ALL = 0xff;

  final String model;
  final Kind kind;
  private final int firstSlot;
  private final int lastSlot;
  private final int[] functions = new int[SLOTS];
  private final boolean[] shared = new boolean[SLOTS];

  PciBus(String model) {
    this.model = model;
    switch (model) {
      case "pcie-root" -> {
        kind = Kind.ROOT;
        firstSlot = 1;
        lastSlot = 31;
      }
      case "pcie-root-port", "pcie-switch-downstream-port" -> {
        kind = Kind.EXPRESS;
        firstSlot = 0;
        lastSlot = 0;
      }
      case "dmi-to-pci-bridge" -> {
        kind = Kind.PCI;
        firstSlot = 0;
        lastSlot = 31;
      }
      default -> {
        kind = Kind.PCI;
        firstSlot = 1;
        lastSlot = 31;
      }
    }
  }

  /** Takes a function; false where it is taken. */
  boolean take(int slot, int function) {
    int bit = 1 << function;
    if ((functions[slot] & bit) != 0) {
      return false;
    }
    functions[slot] |= bit;
    return true;
  }

  /** Takes a whole slot. */
  boolean takeSlot(int slot) {
    boolean free = functions[slot] == 0;
    functions[slot] = ALL;
    return free;
  }

  boolean isFree(int slot) {
    return functions[slot] == 0;
  }

  /** Whether any slot is free. */
  boolean hasRoom() {
    return nextSlot() >= 0;
  }

  /** The first slot that is free, or -1. */
  int nextSlot() {
    for (int slot = firstSlot; slot <= lastSlot; slot++) {
      if (functions[slot] == 0) {
        return slot;
      }
    }
    return -1;
  }

  /**
   * Takes the next function for a port: several ports share a slot.
   *
   * @return slot and function, 3 bits; -1 where there is none
   */
  int nextShared() {
    for (int slot = firstSlot; slot <= lastSlot; slot++) {
      if (functions[slot] == 0 || (shared[slot] && functions[slot] != ALL)) {
        int function = Integer.numberOfTrailingZeros(~functions[slot]);
        shared[slot] = true;
        functions[slot] |= 1 << function;
        return slot << 3 | function;
      }
    }
    return -1;
  }

  /** A slot whose ports share it, for one that the document says already. */
  void share(int slot) {
    shared[slot] = true;
  }
}
