package org.wardian.conformance.oracle;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Carries x87 and SSE state between an FXSAVE image and a processor's state block. */
final class FloatingPointState {
  private FloatingPointState() {}

  /** Writes the image into the state block. */
  static void load(long state, CaseState in) {
    int status = in.fxShort(CaseState.FX_FSW);
    RawMemory.putShort(state + StateLayout.FCW, (short) in.fxShort(CaseState.FX_FCW));
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
    RawMemory.putShort(state + StateLayout.FTW, (short) in.fxShort(CaseState.FX_FTW));
    RawMemory.putShort(state + StateLayout.FOP, (short) in.fxShort(CaseState.FX_FOP));
    RawMemory.putLong(state + StateLayout.FIP, in.fxLong(CaseState.FX_FIP));
    RawMemory.putLong(state + StateLayout.FDP, in.fxLong(CaseState.FX_FDP));
    RawMemory.putInt(state + StateLayout.MXCSR, in.fxInt(CaseState.FX_MXCSR));
    for (int i = 0; i < 8; i++) {
      long at = register(state, status, i);
      RawMemory.putLong(at, in.fxLong(CaseState.FX_ST + 16 * i));
      RawMemory.putShort(at + 8, (short) in.fxShort(CaseState.FX_ST + 16 * i + 8));
    }
    for (int i = 0; i < 16; i++) {
      long at = state + StateLayout.VECTOR + (long) StateLayout.VECTOR_STRIDE * i;
      RawMemory.putLong(at, in.fxLong(CaseState.FX_XMM + 16 * i));
      RawMemory.putLong(at + 8, in.fxLong(CaseState.FX_XMM + 16 * i + 8));
    }
  }

  /** Reads the image from the state block. */
  static void store(long state, CaseState out) {
    int status = RawMemory.getShort(state + StateLayout.FSW);
    out.fxShort(CaseState.FX_FCW, RawMemory.getShort(state + StateLayout.FCW));
    out.fxShort(CaseState.FX_FSW, status);
    out.fxShort(CaseState.FX_FTW, RawMemory.getShort(state + StateLayout.FTW) & 0xff);
    out.fxShort(CaseState.FX_FOP, RawMemory.getShort(state + StateLayout.FOP));
    out.fxLong(CaseState.FX_FIP, RawMemory.getLong(state + StateLayout.FIP));
    out.fxLong(CaseState.FX_FDP, RawMemory.getLong(state + StateLayout.FDP));
    out.fxInt(CaseState.FX_MXCSR, RawMemory.getInt(state + StateLayout.MXCSR));
    for (int i = 0; i < 8; i++) {
      long at = register(state, status, i);
      out.fxLong(CaseState.FX_ST + 16 * i, RawMemory.getLong(at));
      out.fxShort(CaseState.FX_ST + 16 * i + 8, RawMemory.getShort(at + 8));
    }
    for (int i = 0; i < 16; i++) {
      long at = state + StateLayout.VECTOR + (long) StateLayout.VECTOR_STRIDE * i;
      out.fxLong(CaseState.FX_XMM + 16 * i, RawMemory.getLong(at));
      out.fxLong(CaseState.FX_XMM + 16 * i + 8, RawMemory.getLong(at + 8));
    }
  }

  /** Address of ST({@code i}) in the state block: the image counts from the top of the stack. */
  private static long register(long state, int status, int i) {
    int physical = (status >> 11) + i & 7;
    return state + StateLayout.ST + (long) StateLayout.ST_STRIDE * physical;
  }
}
