package org.wardian.chipset;

/**
 * An interrupt message on its way to local APICs (Intel SDM vol. 3, "Interrupt Command Register").
 *
 * @param destination 8-bit destination, or 32-bit when {@code wide}
 * @param logical whether the destination is a logical one
 * @param wide whether the destination is in x2APIC format
 * @param deliveryMode {@link #FIXED} and so on, 3 bits
 * @param vector 8 bits
 * @param level whether the interrupt is level triggered, so that its end is broadcast to IOAPICs
 */
record ApicMessage(
    int destination, boolean logical, boolean wide, int deliveryMode, int vector, boolean level) {
  static final int FIXED = 0;
  static final int LOWEST_PRIORITY = 1;
  static final int SMI = 2;
  static final int NMI = 4;
  static final int INIT = 5;
  static final int STARTUP = 6;
  static final int EXTINT = 7;

  private static final int FLAT = 0xf;
  private static final int CLUSTER = 0;

  /** Whether the message is for an APIC in x2APIC mode. */
  boolean reachesX2apic(int id, int logicalId) {
    if (isBroadcast()) {
      return true;
    }
    if (!logical) {
      return destination == id;
    }
    return logicalId >>> 16 == destination >>> 16 && (logicalId & destination & 0xffff) != 0;
  }

  /**
   * Whether the message is for an APIC in xAPIC mode.
   *
   * @param logicalId its 8-bit logical ID, from LDR
   * @param model how logical IDs are understood, from DFR
   */
  boolean reachesXapic(int id, int logicalId, int model) {
    if (isBroadcast()) {
      return true;
    }
    if (!logical) {
      return destination == id;
    }
    return switch (model) {
      case FLAT -> (logicalId & destination) != 0;
      case CLUSTER ->
          logicalId >>> 4 == (destination >>> 4 & 0xf) && (logicalId & destination & 0xf) != 0;
      default -> false;
    };
  }

  private boolean isBroadcast() {
    return destination == (wide ? -1 : 0xff);
  }
}
