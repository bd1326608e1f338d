package org.wardian.bus;

/** Where a device's message-signalled interrupts go (PCI Local Bus 3.0 §6.8). Any thread. */
@FunctionalInterface
public interface MessageInterrupts {

  /**
   * The memory write that is the interrupt.
   *
   * @param address the message address, on PCs in 0xfee00000-0xfeefffff
   * @param data the message data
   */
  void send(long address, int data);
}
