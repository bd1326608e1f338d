package org.wardian.bus;

/**
 * A window of registers behind ports or memory-mapped addresses.
 *
 * <p>Offsets are relative to the window, so that a device never knows its own address. Both methods
 * run on the thread of the vCPU that made the access; a device that other threads reach too guards
 * its state by its own monitor. Neither method throws, whatever the guest does.
 */
public interface IoHandler {

  /**
   * Reads registers.
   *
   * @param offset byte offset in the window
   * @param size width in bytes: 1, 2, 4 or 8, never above {@link #widest()}
   * @return the value, zero-extended
   */
  long read(long offset, int size);

  /**
   * Writes registers.
   *
   * @param offset byte offset in the window
   * @param size width in bytes: 1, 2, 4 or 8, never above {@link #widest()}
   * @param value the value, zero-extended to 64 bits
   */
  void write(long offset, int size, long value);

  /**
   * The widest access, in bytes, that these registers take in one piece: 1, 2, 4 or 8. The bus
   * splits wider ones. Asked once, when the window is mapped.
   */
  default int widest() {
    return 8;
  }
}
