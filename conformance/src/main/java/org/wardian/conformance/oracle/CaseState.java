package org.wardian.conformance.oracle;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Everything that one instruction may read or change in user mode. */
public final class CaseState {
  /** RAX RCX RDX RBX RSP RBP RSI RDI R8..R15. */
  public final long[] gpr = new long[16];

  /** Instruction pointer: an offset within CS. */
  public long rip;

  /** RFLAGS. */
  public long flags;

  /** Bases of FS and GS; of meaning in 64-bit code only. */
  public long fsBase;

  public long gsBase;

  /** Selectors of ES CS SS DS FS GS. */
  public final int[] selectors = new int[6];

  /** x87, MMX and SSE state as FXSAVE64 stores it. Source: Intel SDM vol. 1 table 10-2. */
  public final byte[] fx = new byte[512];

  /** The changeable memory: {@link ScratchLayout#DATA_SIZE} bytes. */
  public final byte[] memory = new byte[ScratchLayout.DATA_SIZE];

  public static final int FX_FCW = 0;
  public static final int FX_FSW = 2;
  public static final int FX_FTW = 4;
  public static final int FX_FOP = 6;
  public static final int FX_FIP = 8;
  public static final int FX_FDP = 16;
  public static final int FX_MXCSR = 24;
  public static final int FX_ST = 32;
  public static final int FX_XMM = 160;

  /** Bytes of the image that hold architectural state. */
  public static final int FX_END = 416;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /** 64 bits of the FXSAVE image. */
  public long fxLong(int offset) {
    return (long) LONG.get(fx, offset);
  }

  /** Stores 64 bits of the FXSAVE image. */
  public void fxLong(int offset, long value) {
    LONG.set(fx, offset, value);
  }

  /** 32 bits of the FXSAVE image. */
  public int fxInt(int offset) {
    return (int) INT.get(fx, offset);
  }

  /** Stores 32 bits of the FXSAVE image. */
  public void fxInt(int offset, int value) {
    INT.set(fx, offset, value);
  }

  /** 16 bits of the FXSAVE image, zero-extended. */
  public int fxShort(int offset) {
    return Short.toUnsignedInt((short) SHORT.get(fx, offset));
  }

  /** Stores 16 bits of the FXSAVE image. */
  public void fxShort(int offset, int value) {
    SHORT.set(fx, offset, (short) value);
  }

  /** 64 bits of the changeable memory at window offset {@code offset}. */
  public long memoryLong(int offset) {
    return (long) LONG.get(memory, offset - ScratchLayout.DATA);
  }

  /** Stores 64 bits of the changeable memory at window offset {@code offset}. */
  public void memoryLong(int offset, long value) {
    LONG.set(memory, offset - ScratchLayout.DATA, value);
  }

  /** Makes this state equal to another. */
  public void copyFrom(CaseState other) {
    System.arraycopy(other.gpr, 0, gpr, 0, gpr.length);
    rip = other.rip;
    flags = other.flags;
    fsBase = other.fsBase;
    gsBase = other.gsBase;
    System.arraycopy(other.selectors, 0, selectors, 0, selectors.length);
    System.arraycopy(other.fx, 0, fx, 0, fx.length);
    System.arraycopy(other.memory, 0, memory, 0, memory.length);
  }

  /** Sets the segments of code of {@code codeSize} bytes (2, 4 or 8). */
  public void segmentsFor(int codeSize) {
    Selectors[] segments = Selectors.forCode(codeSize);
    for (int i = 0; i < segments.length; i++) {
      selectors[i] = segments[i].selector;
    }
  }

  /** Clears the x87 and SSE state to what FNINIT and a reset give, with all exceptions masked. */
  public void initialFloatingPoint() {
    java.util.Arrays.fill(fx, (byte) 0);
    fxShort(FX_FCW, 0x37f);
    fxInt(FX_MXCSR, 0x1f80);
  }
}
