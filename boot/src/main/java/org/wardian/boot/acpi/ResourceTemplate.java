package org.wardian.boot.acpi;

import java.io.ByteArrayOutputStream;

/** The resource descriptors of a device (ACPI specification 6.5, §6.4). */
public final class ResourceTemplate {

  private static final int IRQ_NO_FLAGS = 0x22;
  private static final int DMA_FORMAT = 0x2a;
  private static final int IO_PORT = 0x47;
  private static final int END_TAG = 0x79;
  private static final int FIXED_MEMORY_32 = 0x86;
  private static final int DWORD_ADDRESS = 0x87;
  private static final int WORD_ADDRESS = 0x88;
  private static final int QWORD_ADDRESS = 0x8a;

  private static final int MEMORY_RANGE = 0;
  private static final int IO_RANGE = 1;
  private static final int BUS_RANGE = 2;

  /** Both ends fixed, positive decode, resource producer. */
  private static final int FIXED = 0x0c;

  /** Read and write, not cacheable. */
  private static final int MEMORY_FLAGS = 0x01;

  /** ISA and non-ISA ports alike. */
  private static final int ENTIRE_RANGE = 0x03;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Creates an empty template. */
  public ResourceTemplate() {}

  /**
   * Ports at a fixed place, all 16 address bits decoded (§6.4.2.5).
   *
   * @param base first port
   * @param length count of ports, 1 to 255
   * @return this
   */
  public ResourceTemplate io(int base, int length) {
    bytes.write(IO_PORT);
    bytes.write(1);
    number(base, 2);
    number(base, 2);
    bytes.write(1);
    bytes.write(length);
    return this;
  }

  /**
   * An ISA interrupt: edge-triggered, active high, not shared (§6.4.2.1).
   *
   * @param interrupt 0 to 15
   * @return this
   */
  public ResourceTemplate irq(int interrupt) {
    bytes.write(IRQ_NO_FLAGS);
    number(1L << interrupt, 2);
    return this;
  }

  /**
   * A channel of the ISA DMA controller, compatible timing, 8-bit transfers (§6.4.2.2).
   *
   * @param channel 0 to 7
   * @return this
   */
  public ResourceTemplate dma(int channel) {
    bytes.write(DMA_FORMAT);
    bytes.write(1 << channel);
    bytes.write(0);
    return this;
  }

  /**
   * Memory at a fixed place below 4 GiB, read and write (§6.4.3.4).
   *
   * @param base first address
   * @param length count of bytes
   * @return this
   */
  public ResourceTemplate memory(long base, long length) {
    bytes.write(FIXED_MEMORY_32);
    number(9, 2);
    bytes.write(1);
    number(base, 4);
    number(length, 4);
    return this;
  }

  /**
   * Bus numbers of a host bridge (§6.4.3.5.3).
   *
   * @param first lowest
   * @param last highest
   * @return this
   */
  public ResourceTemplate busNumbers(int first, int last) {
    return window(WORD_ADDRESS, 2, BUS_RANGE, 0, first, last);
  }

  /**
   * Ports that a host bridge passes on (§6.4.3.5.3).
   *
   * @param first lowest
   * @param last highest
   * @return this
   */
  public ResourceTemplate ioWindow(int first, int last) {
    return window(WORD_ADDRESS, 2, IO_RANGE, ENTIRE_RANGE, first, last);
  }

  /**
   * Memory that a host bridge passes on: a 32-bit descriptor where that suffices, else a 64-bit one
   * (§6.4.3.5.1, §6.4.3.5.2).
   *
   * @param first lowest address
   * @param last highest address
   * @return this
   */
  public ResourceTemplate memoryWindow(long first, long last) {
    return last >>> 32 == 0
        ? window(DWORD_ADDRESS, 4, MEMORY_RANGE, MEMORY_FLAGS, first, last)
        : window(QWORD_ADDRESS, 8, MEMORY_RANGE, MEMORY_FLAGS, first, last);
  }

  private ResourceTemplate window(
      int tag, int width, int type, int typeFlags, long first, long last) {
    bytes.write(tag);
    number(3 + 5 * width, 2);
    bytes.write(type);
    bytes.write(FIXED);
    bytes.write(typeFlags);
    // Granularity, minimum, maximum, translation, length.
    number(0, width);
    number(first, width);
    number(last, width);
    number(0, width);
    number(last - first + 1, width);
    return this;
  }

  /** The template with its end tag, whose zero checksum means that there is none. */
  byte[] toByteArray() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(bytes.toByteArray());
    whole.write(END_TAG);
    whole.write(0);
    return whole.toByteArray();
  }

  private void number(long value, int count) {
    for (int i = 0; i < count; i++) {
      bytes.write((int) (value >>> 8 * i));
    }
  }
}
