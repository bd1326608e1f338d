package org.wardian.host.kvm;

/** Where an interrupt line of KVM (a GSI) leads: {@code struct kvm_irq_routing_entry}. */
public sealed interface InterruptRoute {
  /** The line. */
  int gsi();

  /**
   * To a pin of an interrupt chip in the kernel. One line may lead to a pin of the PIC and to one
   * of the I/O APIC.
   *
   * @param gsi the line
   * @param chip {@link InterruptChipState#PIC_MASTER}, {@code PIC_SLAVE} or {@code IOAPIC}
   * @param pin 0 to 7, or 0 to 23
   */
  record Pin(int gsi, int chip, int pin) implements InterruptRoute {}

  /**
   * To a message.
   *
   * @param gsi the line
   * @param address guest-physical, in the form of Intel SDM vol. 3 section 11.11; with {@link
   *     CapabilityFlags#X2APIC_32_BIT_IDS} bits 8 to 31 of the destination lie in bits 40 to 63
   * @param data vector and delivery mode
   */
  record Message(int gsi, long address, int data) implements InterruptRoute {}
}
