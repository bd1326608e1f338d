package org.wardian.chipset;

/**
 * A value of the interrupt command register: an interprocessor interrupt (Intel SDM vol. 3,
 * "Issuing Interprocessor Interrupts").
 *
 * @param value the register, with the destination in its upper half
 * @param wide whether the destination is in x2APIC format: 32 bits rather than the upper 8
 */
record InterruptCommand(long value, boolean wide) {
  /** Vectors below are reserved for exceptions. */
  static final int FIRST_LEGAL_VECTOR = 16;

  private static final int LOGICAL = 1 << 11;
  private static final int ASSERT = 1 << 14;
  private static final int LEVEL = 1 << 15;

  private static final int NO_SHORTHAND = 0;
  private static final int SELF = 1;
  private static final int ALL = 2;

  private int deliveryMode() {
    return (int) value >>> 8 & 7;
  }

  private int vector() {
    return (int) value & 0xff;
  }

  /** Whether it may be sent: fixed interrupts have no vectors of exceptions. */
  boolean hasLegalVector() {
    return deliveryMode() > ApicMessage.LOWEST_PRIORITY || vector() >= FIRST_LEGAL_VECTOR;
  }

  /** Sends it on behalf of an APIC whose monitor is not held. */
  void send(ApicBus bus, LocalApic sender) {
    int mode = deliveryMode();
    // De-asserting INIT synchronised the arbitration of chips long gone; 3 is reserved, and ExtINT
    // does not travel between processors.
    boolean deassertsInit = mode == ApicMessage.INIT && (value & (ASSERT | LEVEL)) == LEVEL;
    if (deassertsInit || mode == 3 || mode == ApicMessage.EXTINT) {
      return;
    }
    int destination = (int) (wide ? value >>> 32 : value >>> 56);
    boolean logical = (value & LOGICAL) != 0;
    ApicMessage message = new ApicMessage(destination, logical, wide, mode, vector(), false);
    boolean toOthersOnly = mode == ApicMessage.INIT || mode == ApicMessage.STARTUP;
    switch ((int) value >>> 18 & 3) {
      case NO_SHORTHAND -> bus.deliver(message);
      case SELF -> {
        if (!toOthersOnly) {
          sender.accept(mode, vector(), false);
        }
      }
      case ALL -> bus.broadcast(message, toOthersOnly ? sender : null);
      default -> bus.broadcast(message, sender);
    }
  }
}
