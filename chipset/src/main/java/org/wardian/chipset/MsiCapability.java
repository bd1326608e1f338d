package org.wardian.chipset;

import org.wardian.bus.MessageInterrupts;

/**
 * The MSI capability with 64-bit addresses and per-vector masking (PCI Local Bus 3.0 §6.8.1). Its
 * registers are its function's configuration space, whose monitor guards it.
 */
public final class MsiCapability {
  private static final int ID = 0x05;
  private static final int LENGTH = 24;

  private static final int CONTROL = 2;
  private static final int ADDRESS_LOW = 4;
  private static final int ADDRESS_HIGH = 8;
  private static final int DATA = 12;
  private static final int MASK = 16;
  private static final int PENDING = 20;

  private static final int CONTROL_ENABLE = 0x01;
  private static final int CONTROL_64_BIT = 0x80;
  private static final int CONTROL_PER_VECTOR_MASK = 0x100;

  private final PciFunction function;
  private final int offset;
  private final int vectors;
  private MessageInterrupts messages = (address, data) -> {};

  MsiCapability(PciFunction function, int vectors) {
    if (vectors < 1 || vectors > 32 || Integer.bitCount(vectors) != 1) {
      throw new IllegalArgumentException(function.name() + ": " + vectors + " MSI vectors");
    }
    this.function = function;
    this.vectors = vectors;
    this.offset = function.addCapability(ID, LENGTH);
    int capable = Integer.numberOfTrailingZeros(vectors) << 1;
    function.setConfig(offset + CONTROL, 2, CONTROL_64_BIT | CONTROL_PER_VECTOR_MASK | capable);
    function.allow(offset + CONTROL, 2, CONTROL_ENABLE | 0x70);
    function.allow(offset + ADDRESS_LOW, 4, ~3);
    function.allow(offset + ADDRESS_HIGH, 4, -1);
    function.allow(offset + DATA, 2, 0xffff);
    function.allow(offset + MASK, 4, (int) ((1L << vectors) - 1));
  }

  void attach(MessageInterrupts destination) {
    messages = destination;
  }

  /** Whether the guest has enabled MSI, so that INTx is not to be used. Any thread. */
  public boolean enabled() {
    return (function.config(offset + CONTROL, 2) & CONTROL_ENABLE) != 0;
  }

  /**
   * Sends an interrupt, or keeps it pending while its vector is masked. Nothing happens while MSI
   * is off or the function is no bus master. Any thread.
   *
   * @param vector below the number of vectors declared; those above what the guest granted share
   */
  public void send(int vector) {
    if (vector < 0 || vector >= vectors) {
      throw new IllegalArgumentException(function.name() + " has no MSI vector " + vector);
    }
    synchronized (function) {
      if (!enabled()) {
        return;
      }
      int bit = 1 << vector;
      if ((function.config(offset + MASK, 4) & bit) != 0) {
        function.setConfig(offset + PENDING, 4, function.config(offset + PENDING, 4) | bit);
      } else {
        deliver(vector);
      }
    }
  }

  private void deliver(int vector) {
    if (!function.busMaster()) {
      return;
    }
    int granted = 1 << Math.min(5, function.config(offset + CONTROL, 2) >> 4 & 7);
    int low = Math.min(granted, vectors) - 1;
    long address =
        Integer.toUnsignedLong(function.config(offset + ADDRESS_LOW, 4))
            | (long) function.config(offset + ADDRESS_HIGH, 4) << 32;
    messages.send(address, function.config(offset + DATA, 2) & ~low | vector & low);
  }

  /** The guest has written configuration space: sends what is pending and no longer masked. */
  void sendUnmasked() {
    int pending = function.config(offset + PENDING, 4);
    int due = pending & ~function.config(offset + MASK, 4);
    if (due != 0 && enabled()) {
      function.setConfig(offset + PENDING, 4, pending & ~due);
      for (int vector = 0; vector < vectors; vector++) {
        if ((due >>> vector & 1) != 0) {
          deliver(vector);
        }
      }
    }
  }

  /** Pending bits are not the guest's to write, so that they are restored apart. */
  void restorePending(byte[] config) {
    for (int i = 0; i < 4; i++) {
      function.setConfig(offset + PENDING + i, 1, config[offset + PENDING + i]);
    }
    int valid = (int) ((1L << vectors) - 1);
    function.setConfig(offset + PENDING, 4, function.config(offset + PENDING, 4) & valid);
  }
}
