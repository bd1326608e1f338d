package org.wardian.chipset;

/**
 * Where an I/O APIC sends its interrupts: our own {@link ApicBus}, or an accelerator that has local
 * APICs of its own.
 */
@FunctionalInterface
public interface ApicMessages {

  /** Tells the receiver of an I/O APIC whose level-triggered interrupts it has to end. */
  default void attach(IoApic ioApic) {}

  /**
   * Delivers an interrupt. Called with the monitor of the sender held.
   *
   * @return whether a local APIC accepted; a level-triggered interrupt that none accepts stays at
   *     its pin
   */
  boolean deliver(ApicMessage message);
}
