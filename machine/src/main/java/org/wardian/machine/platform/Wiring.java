package org.wardian.machine.platform;

/** Numbers of a PC's interrupt wiring that firmware tables repeat. */
public final class Wiring {
  /**
   * APIC ID of the I/O APIC. It has a numbering of its own beside the local APICs', and the
   * kernel's chip shows no more than four bits of it.
   */
  public static final int IO_APIC_ID = 0;

  /** The PICs' line that joins the two; the I/O APIC pin of that number is line 0's. */
  static final int CASCADE = 2;

  private Wiring() {}
}
