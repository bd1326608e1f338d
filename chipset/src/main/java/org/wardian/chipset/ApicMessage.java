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
}
