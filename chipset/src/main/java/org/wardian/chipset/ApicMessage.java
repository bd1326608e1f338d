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
public record ApicMessage(
    int destination, boolean logical, boolean wide, int deliveryMode, int vector, boolean level) {
  /** Delivery mode: to the vector, at every destination. */
  public static final int FIXED = 0;

  /** Delivery mode: to the vector, at the destination that does the least important work. */
  public static final int LOWEST_PRIORITY = 1;

  /** Delivery mode: system management interrupt. */
  public static final int SMI = 2;

  /** Delivery mode: non-maskable interrupt. */
  public static final int NMI = 4;

  /** Delivery mode: INIT. */
  public static final int INIT = 5;

  /** Delivery mode: start-up; the vector names the page. */
  public static final int STARTUP = 6;

  /** Delivery mode: the PIC says the vector. */
  public static final int EXTINT = 7;

  private static final long ADDRESS = 0xfee00000L;
  private static final int ADDRESS_LOGICAL = 1 << 2;
  private static final int DATA_ASSERT = 1 << 14;
  private static final int DATA_LEVEL = 1 << 15;

  private static final int FLAT = 0xf;
  private static final int CLUSTER = 0;

  /**
   * The address of the message-signalled interrupt that says the same (Intel SDM vol. 3, "Message
   * Address Register Format"), for receivers that heed its destination mode bit alone. Of a wide
   * destination the upper 24 bits are in the address bits 40 to 63, as Linux's KVM takes them.
   */
  public long address() {
    return ADDRESS
        | (destination & 0xffL) << 12
        | (destination & 0xffffff00L) << 32
        | (logical ? ADDRESS_LOGICAL : 0);
  }

  /** The data of the message-signalled interrupt that says the same; see {@link #address}. */
  public int data() {
    return vector | deliveryMode << 8 | (level ? DATA_LEVEL | DATA_ASSERT : 0);
  }

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
