package org.wardian.cli.console;

/** Where typed characters go: the receiving side of the guest's serial port. */
@FunctionalInterface
public interface GuestInput {
  /**
   * Hands all of {@code typed} to the guest, waiting where its port is full.
   *
   * @throws InterruptedException if the machine ends meanwhile
   */
  void type(byte[] typed) throws InterruptedException;
}
