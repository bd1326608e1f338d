package org.wardian.boot;

/**
 * The guest's random-access memory as a loader sees it: bytes at guest-physical addresses. The
 * machine adapts its own memory to this.
 *
 * <p>Loaders write only inside the {@linkplain MemoryRange.Kind#RAM RAM} ranges of the memory map
 * that they were given, and inside the ROM shadow between 0xe0000 and 0xfffff for the ACPI tables.
 */
public interface GuestRam {

  /**
   * Amount of RAM.
   *
   * @return bytes of RAM, holes not counted
   */
  long size();

  /**
   * Copies bytes into guest memory.
   *
   * @param gpa guest-physical address of the first byte
   * @param data source array
   * @param offset index of the first byte in {@code data}
   * @param length count of bytes
   */
  void write(long gpa, byte[] data, int offset, int length);

  /**
   * Clears guest memory, as for a program's BSS. A machine whose memory is fresh and therefore
   * already zero may override this with nothing, and so keeps the pages untouched.
   *
   * @param gpa guest-physical address of the first byte
   * @param length count of bytes
   */
  default void zero(long gpa, long length) {
    byte[] zeros = new byte[(int) Math.min(length, 1 << 16)];
    long done = 0;
    while (done < length) {
      int part = (int) Math.min(zeros.length, length - done);
      write(gpa + done, zeros, 0, part);
      done += part;
    }
  }
}
