package org.wardian.conformance.oracle;

import org.wardian.x86.StateLayout;

/**
 * The segments of a case. 64-bit code uses the selectors that Linux gives every process; 16- and
 * 32-bit code uses descriptors of our own in the local descriptor table.
 *
 * <p>Sources: {@code arch/x86/include/asm/segment.h} for Linux's selectors, Intel SDM vol. 3 §3.4.5
 * for descriptors.
 */
public enum Selectors {
  /** Linux's 64-bit user code. */
  CODE_64(0x33, 0, 0xffff_ffffL, 0xa0fb),
  /** Linux's flat user data. */
  FLAT_DATA(0x2b, 0, 0xffff_ffffL, 0xc0f3),
  /** No segment. */
  NULL(0, 0, 0, 0x1_0000),
  /** 32-bit code over the window. */
  CODE_32(local(0), ScratchLayout.WINDOW, 0xffff, 0x40fb),
  /** 16-bit code over the window. */
  CODE_16(local(1), ScratchLayout.WINDOW, 0xffff, 0x00fb),
  /** Data and 32-bit stack over the window. */
  DATA_32(local(2), ScratchLayout.WINDOW, 0xffff, 0x40f3),
  /** Data and 16-bit stack over the window. */
  DATA_16(local(3), ScratchLayout.WINDOW, 0xffff, 0x00f3),
  /** Starts at the changeable memory and ends with it, so that limits are met. */
  SHORT(local(4), ScratchLayout.WINDOW + ScratchLayout.DATA, ScratchLayout.DATA_SIZE - 1, 0x40f3),
  /** May only be read. */
  READ_ONLY(local(5), ScratchLayout.WINDOW, 0xffff, 0x40f1),
  /** Expands down: valid are the offsets above the limit. */
  EXPAND_DOWN(local(6), ScratchLayout.WINDOW, 0x3fff, 0x40f7);

  /** The selector. */
  public final int selector;

  /** Linear address of offset 0. */
  public final long base;

  /** Limit in bytes. */
  public final long limit;

  /** Access rights as {@link StateLayout#ATTRIBUTES} holds them. */
  public final int attributes;

  Selectors(int selector, long base, long limit, int attributes) {
    this.selector = selector;
    this.base = base;
    this.limit = limit;
    this.attributes = attributes;
  }

  /** Selector of entry {@code index} of the local descriptor table at privilege level 3. */
  private static int local(int index) {
    return index << 3 | 4 | 3;
  }

  /** Whether the descriptor lies in the local table. */
  public boolean isLocal() {
    return (selector & 4) != 0;
  }

  /** Index in its descriptor table. */
  public int index() {
    return selector >> 3;
  }

  /** Segments ES CS SS DS FS GS of code of {@code codeSize} bytes (2, 4 or 8). */
  public static Selectors[] forCode(int codeSize) {
    return switch (codeSize) {
      case 8 -> new Selectors[] {NULL, CODE_64, FLAT_DATA, NULL, NULL, NULL};
      case 4 -> new Selectors[] {DATA_32, CODE_32, DATA_32, DATA_32, SHORT, READ_ONLY};
      default -> new Selectors[] {DATA_16, CODE_16, DATA_16, DATA_16, SHORT, EXPAND_DOWN};
    };
  }

  /** The segment with this selector, or null. */
  public static Selectors of(int selector) {
    for (Selectors candidate : values()) {
      if (candidate.selector == selector) {
        return candidate;
      }
    }
    return null;
  }
}
