package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Where the guest's x87 registers are: in {@link StateLayout}'s fields, or in the host's registers
 * while emitted code runs and in an image of them while it does not.
 *
 * <p>The image is that of FXSAVE: Intel SDM vol. 1 §10.5.1. Only its x87 registers count, control,
 * status and tag word; what instructions without unmasked exceptions leave alone (FOP, FDP), and
 * FIP, which emitted code keeps, stay in the state block. Only a guest that masks all exceptions
 * has its registers in the host's, so that the host never sees one.
 */
final class X87State {
  /** Bytes of the image, whose address is a multiple of 16, and of the control words behind it. */
  static final int SIZE = 512 + 64;

  /**
   * Offset from the image of every control word that masks all exceptions, by its bits 12:8. What
   * emitted code loads it takes from here, so that it cannot unmask one.
   */
  static final int CONTROLS = 512;

  /** Bit number of the rounding, precision and infinity control; and their mask from there. */
  static final int MODES_SHIFT = 8;

  static final int MODES = 0x1f;

  /** All exceptions masked in the control word. */
  static final int MASKS = 0x3f;

  private static final int SUMMARY = 0x80;

  private static final int STATUS = 2;
  private static final int TAGS = 4;
  private static final int MXCSR = 24;
  private static final int REGISTERS = 32;

  /** MXCSR after reset. */
  private static final int INITIAL_MXCSR = 0x1f80;

  /** The bit that reads as 1, and all masks. */
  private static final int LEAST_CONTROL = 0x40 | MASKS;

  private X87State() {}

  /** Writes the control words of a new state block. */
  static void initialise(long state) {
    long controls = state + HostState.x87Image() + CONTROLS;
    for (int modes = 0; modes <= MODES; modes++) {
      RawMemory.putShort(controls + 2 * modes, (short) (LEAST_CONTROL | modes << MODES_SHIFT));
    }
  }

  /** Whether the image or the host holds the registers. */
  static boolean live(long state) {
    return RawMemory.getInt(state + HostState.X87_LIVE) != 0;
  }

  /** Whether the host may hold the registers. */
  static boolean permitted(long state) {
    return live(state)
        || (RawMemory.getShort(state + StateLayout.FCW) & MASKS) == MASKS
            && (RawMemory.getShort(state + StateLayout.FSW) & SUMMARY) == 0;
  }

  /** Makes the image; emitted code that is entered next has it in the host's registers. */
  static void load(long state) {
    long image = state + HostState.x87Image();
    int status = RawMemory.getShort(state + StateLayout.FSW);
    RawMemory.putShort(image, RawMemory.getShort(state + StateLayout.FCW));
    RawMemory.putShort(image + STATUS, (short) status);
    RawMemory.putByte(image + TAGS, RawMemory.getByte(state + StateLayout.FTW));
    // The guest's is loaded next, but this one must be valid.
    RawMemory.putInt(image + MXCSR, INITIAL_MXCSR);
    for (int i = 0; i < 8; i++) {
      move(physical(state, status, i), register(image, i));
    }
    RawMemory.putInt(state + HostState.X87_LIVE, 1);
  }

  /** Brings the registers into the state block's fields; emitted code is not running. */
  static void settle(long state) {
    if (!live(state)) {
      return;
    }
    long image = state + HostState.x87Image();
    int status = RawMemory.getShort(image + STATUS);
    RawMemory.putShort(state + StateLayout.FCW, RawMemory.getShort(image));
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
    RawMemory.putByte(state + StateLayout.FTW, RawMemory.getByte(image + TAGS));
    for (int i = 0; i < 8; i++) {
      move(register(image, i), physical(state, status, i));
    }
    RawMemory.putInt(state + HostState.X87_LIVE, 0);
  }

  private static void move(long from, long to) {
    RawMemory.putLong(to, RawMemory.getLong(from));
    RawMemory.putShort(to + 8, RawMemory.getShort(from + 8));
  }

  /** The image keeps them by their distance from TOP. */
  private static long register(long image, int i) {
    return image + REGISTERS + i * StateLayout.ST_STRIDE;
  }

  private static long physical(long state, int status, int i) {
    return state + StateLayout.ST + ((status >> 11) + i & 7) * StateLayout.ST_STRIDE;
  }
}
