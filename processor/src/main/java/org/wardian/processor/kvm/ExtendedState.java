package org.wardian.processor.kvm;

import org.wardian.host.kvm.XsaveArea;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The x87, SSE and AVX registers between a state block and an XSAVE area of the standard form, each
 * given by its host address.
 *
 * <p>The area is that of XSAVE64: instruction and data pointer are 64 bits wide and their selectors
 * have no place. They are lost, and read as zero; every {@link org.wardian.x86.CpuModel} promises
 * that they are zero (ZERO_FCS_FDS). Source: Intel SDM vol. 1 §13.4 and table 10-2.
 */
final class ExtendedState {
  /** Component bits of XSTATE_BV. */
  private static final long X87 = 1;

  private static final long SSE = 1 << 1;
  private static final long AVX = 1 << 2;

  /** What FNINIT leaves. */
  private static final short INITIAL_CONTROL = 0x37f;

  private static final int INITIAL_MXCSR = 0x1f80;
  private static final int X87_REGISTERS = 8;
  private static final int VECTOR_REGISTERS = 16;

  private ExtendedState() {}

  /**
   * Fills the block's fields from {@code area}; components that it lacks get their initial state.
   */
  static void read(long area, long block) {
    long present = RawMemory.getLong(area + XsaveArea.XSTATE_BV);
    readX87(area, block, (present & X87) != 0);
    RawMemory.putInt(
        block + StateLayout.MXCSR,
        (present & (SSE | AVX)) != 0 ? RawMemory.getInt(area + XsaveArea.MXCSR) : INITIAL_MXCSR);
    for (int i = 0; i < VECTOR_REGISTERS; i++) {
      long to = vector(block, i);
      copyOrClear(area + XsaveArea.XMM + 16L * i, to, (present & SSE) != 0);
      copyOrClear(area + XsaveArea.YMM_HIGH + 16L * i, to + 16, (present & AVX) != 0);
    }
  }

  /** Fills all of {@code area} from the block. */
  static void write(long block, long area) {
    RawMemory.fill(area, XsaveArea.SIZE, (byte) 0);
    long present = X87 | SSE;
    RawMemory.putShort(area + XsaveArea.FCW, RawMemory.getShort(block + StateLayout.FCW));
    int status = RawMemory.getShort(block + StateLayout.FSW);
    RawMemory.putShort(area + XsaveArea.FSW, (short) status);
    RawMemory.putByte(area + XsaveArea.FTWX, RawMemory.getByte(block + StateLayout.FTW));
    RawMemory.putShort(
        area + XsaveArea.LAST_OPCODE,
        (short) (RawMemory.getShort(block + StateLayout.FOP) & 0x7ff));
    RawMemory.putLong(area + XsaveArea.LAST_IP, RawMemory.getLong(block + StateLayout.FIP));
    RawMemory.putLong(area + XsaveArea.LAST_DP, RawMemory.getLong(block + StateLayout.FDP));
    RawMemory.putInt(area + XsaveArea.MXCSR, RawMemory.getInt(block + StateLayout.MXCSR));
    for (int i = 0; i < X87_REGISTERS; i++) {
      long from = physical(block, status, i);
      long to = area + XsaveArea.FPR + 16L * i;
      RawMemory.putLong(to, RawMemory.getLong(from));
      RawMemory.putLong(to + 8, RawMemory.getShort(from + 8) & 0xffffL);
    }
    for (int i = 0; i < VECTOR_REGISTERS; i++) {
      long from = vector(block, i);
      RawMemory.copy(from, area + XsaveArea.XMM + 16L * i, 16);
      if ((RawMemory.getLong(from + 16) | RawMemory.getLong(from + 24)) != 0) {
        RawMemory.copy(from + 16, area + XsaveArea.YMM_HIGH + 16L * i, 16);
        present |= AVX;
      }
    }
    RawMemory.putLong(area + XsaveArea.XSTATE_BV, present);
  }

  private static void readX87(long area, long block, boolean present) {
    RawMemory.putShort(block + StateLayout.FCS, (short) 0);
    RawMemory.putShort(block + StateLayout.FDS, (short) 0);
    if (!present) {
      RawMemory.putShort(block + StateLayout.FCW, INITIAL_CONTROL);
      RawMemory.putShort(block + StateLayout.FSW, (short) 0);
      RawMemory.putByte(block + StateLayout.FTW, (byte) 0);
      RawMemory.putShort(block + StateLayout.FOP, (short) 0);
      RawMemory.putLong(block + StateLayout.FIP, 0);
      RawMemory.putLong(block + StateLayout.FDP, 0);
      RawMemory.fill(
          block + StateLayout.ST, (long) X87_REGISTERS * StateLayout.ST_STRIDE, (byte) 0);
      return;
    }
    int status = RawMemory.getShort(area + XsaveArea.FSW);
    RawMemory.putShort(block + StateLayout.FCW, RawMemory.getShort(area + XsaveArea.FCW));
    RawMemory.putShort(block + StateLayout.FSW, (short) status);
    RawMemory.putByte(block + StateLayout.FTW, RawMemory.getByte(area + XsaveArea.FTWX));
    RawMemory.putShort(
        block + StateLayout.FOP,
        (short) (RawMemory.getShort(area + XsaveArea.LAST_OPCODE) & 0x7ff));
    RawMemory.putLong(block + StateLayout.FIP, RawMemory.getLong(area + XsaveArea.LAST_IP));
    RawMemory.putLong(block + StateLayout.FDP, RawMemory.getLong(area + XsaveArea.LAST_DP));
    for (int i = 0; i < X87_REGISTERS; i++) {
      long from = area + XsaveArea.FPR + 16L * i;
      long to = physical(block, status, i);
      RawMemory.putLong(to, RawMemory.getLong(from));
      RawMemory.putLong(to + 8, RawMemory.getShort(from + 8) & 0xffffL);
    }
  }

  /** Host address in the block of ST({@code i}), where TOP is that of {@code status}. */
  private static long physical(long block, int status, int i) {
    return block + StateLayout.ST + ((status >> 11) + i & 7) * (long) StateLayout.ST_STRIDE;
  }

  private static long vector(long block, int i) {
    return block + StateLayout.VECTOR + i * (long) StateLayout.VECTOR_STRIDE;
  }

  private static void copyOrClear(long from, long to, boolean present) {
    if (present) {
      RawMemory.copy(from, to, 16);
    } else {
      RawMemory.fill(to, 16, (byte) 0);
    }
  }
}
