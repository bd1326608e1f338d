package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Where the guest's x87 registers are: in {@link StateLayout}'s fields, or in the host's registers
 * while emitted code runs and in an image of them while it does not.
 *
 * <p>The image is that of FNSAVE in its 32-bit format: Intel SDM vol. 1 figure 8-9. It lacks what
 * instructions without unmasked exceptions leave alone (FOP, FDP), and FIP, which emitted code
 * keeps in the state block itself. Only a guest that masks all exceptions has its registers in the
 * host's, so that the host never sees one.
 */
final class X87State {
  /** Bytes of the image. */
  static final int IMAGE = 108;

  /** All exceptions masked in the control word. */
  static final int MASKS = 0x3f;

  private static final int SUMMARY = 0x80;

  private static final int STATUS = 4;
  private static final int TAGS = 8;
  private static final int REGISTERS = 28;
  private static final int REGISTER = 10;

  private X87State() {}

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
    RawMemory.putInt(image, RawMemory.getShort(state + StateLayout.FCW) & 0xffff);
    RawMemory.putInt(image + STATUS, status & 0xffff);
    RawMemory.putInt(image + TAGS, tags(RawMemory.getByte(state + StateLayout.FTW)));
    for (int at = TAGS + 4; at < REGISTERS; at += 4) {
      RawMemory.putInt(image + at, 0);
    }
    for (int i = 0; i < 8; i++) {
      long from = physical(state, status, i);
      long to = image + REGISTERS + REGISTER * i;
      RawMemory.putLong(to, RawMemory.getLong(from));
      RawMemory.putShort(to + 8, RawMemory.getShort(from + 8));
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
    RawMemory.putByte(
        state + StateLayout.FTW, (byte) abridged(RawMemory.getShort(image + TAGS) & 0xffff));
    for (int i = 0; i < 8; i++) {
      long from = image + REGISTERS + REGISTER * i;
      long to = physical(state, status, i);
      RawMemory.putLong(to, RawMemory.getLong(from));
      RawMemory.putShort(to + 8, RawMemory.getShort(from + 8));
    }
    RawMemory.putInt(state + HostState.X87_LIVE, 0);
  }

  private static long physical(long state, int status, int i) {
    return state + StateLayout.ST + ((status >> 11) + i & 7) * StateLayout.ST_STRIDE;
  }

  /** Two bits a register: empty, or valid, which the processor finds out itself when it stores. */
  private static int tags(int abridged) {
    int tags = 0;
    for (int i = 0; i < 8; i++) {
      tags |= (abridged >> i & 1) != 0 ? 0 : 3 << 2 * i;
    }
    return tags;
  }

  private static int abridged(int tags) {
    int abridged = 0;
    for (int i = 0; i < 8; i++) {
      abridged |= (tags >> 2 * i & 3) == 3 ? 0 : 1 << i;
    }
    return abridged;
  }
}
