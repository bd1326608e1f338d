package org.wardian.chipset;

/** Where the characters that a serial port sends go. */
public interface SerialBackend {

  /** Takes and forgets. */
  SerialBackend DISCARD = value -> {};

  /**
   * One character sent by the guest. Called on the vCPU's thread with the port's lock held: it
   * returns at once (buffers, and writes elsewhere) and does not call the port.
   */
  void transmit(byte value);

  /**
   * The port that had refused characters offered to it has room again. Same rules as for {@link
   * #transmit}.
   */
  default void receiveReady() {}

  /**
   * The guest changed the modem control outputs. Same rules as for {@link #transmit}.
   *
   * @param dataTerminalReady DTR
   * @param requestToSend RTS
   */
  default void modemControl(boolean dataTerminalReady, boolean requestToSend) {}
}
