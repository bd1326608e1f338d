package org.wardian.conformance.oracle;

/**
 * The window of linear addresses that a case sees, the same on the host and in the guest: 64 KiB at
 * a fixed low address, so that 16-, 32- and 64-bit code reaches it, and that recorded cases replay
 * anywhere.
 *
 * <p>In 16- and 32-bit code the segments' base is {@link #WINDOW}, so that an offset below 64 KiB
 * is an offset into the window. In 64-bit code addresses are linear.
 */
public final class ScratchLayout {
  /**
   * Linear address of the window: below 16 MiB, where HotSpot never puts its heap or its classes,
   * and above what Linux reserves for null pointers.
   */
  public static final long WINDOW = 0xc0_0000L;

  /** Bytes of the window. */
  public static final int WINDOW_SIZE = 0x1_0000;

  /** Offset of the memory that a case may change: data in the low page, stack in the high one. */
  public static final int DATA = 0x4000;

  /** Bytes of data and stack. */
  public static final int DATA_SIZE = 0x2000;

  /** Offset in the window of the first byte of the stack's page. */
  public static final int STACK = 0x5000;

  /** Offset of a page that may only be read. */
  public static final int READ_ONLY = 0x7000;

  public static final int PAGE = 0x1000;

  /** Offset of the page that instructions run from; every byte of it not in use is an INT3. */
  public static final int CODE = 0x9000;

  /** The byte that ends a case: INT3. */
  public static final byte BREAKPOINT = (byte) 0xcc;

  private ScratchLayout() {}

  /** Whether {@code size} bytes at window offset {@code offset} lie in the changeable memory. */
  public static boolean inData(long offset, int size) {
    return offset >= DATA && offset + size <= DATA + DATA_SIZE;
  }
}
