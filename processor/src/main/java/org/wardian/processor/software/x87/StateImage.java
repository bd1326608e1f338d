package org.wardian.processor.software.x87;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.StateLayout;

/**
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT and XRSTOR (standard form): the x87, SSE and AVX state as an
 * image in guest memory.
 *
 * <p>Components are always regarded as in use (XINUSE is all ones), so XSAVE writes every component
 * that is asked for and sets its bit in XSTATE_BV; XSAVEOPT may do the same. The caller has checked
 * CR0.TS, CR0.EM, CR4.OSFXSR and CR4.OSXSAVE. Source: Intel SDM vol. 1 §10.5 and §13.4 to §13.8,
 * vol. 2 table 3-43.
 */
public final class StateImage {
  /** Bits of MXCSR that exist; FXSAVE reports them as MXCSR_MASK. */
  public static final int MXCSR_MASK = 0xffff;

  /** MXCSR after reset and after XRSTOR of an initial SSE component. */
  public static final int MXCSR_INITIAL = 0x1f80;

  /** XCR0 bits of the components that an image can hold: x87, SSE, AVX. */
  public static final long COMPONENTS = 7;

  private static final int X87 = 1;
  private static final int SSE = 2;
  private static final int AVX = 4;

  private static final int REGISTERS = 32;
  private static final int XMM = 160;
  private static final int HEADER = 512;
  private static final int HEADER_SIZE = 64;
  private static final int UPPER_YMM = 576;

  private StateImage() {}

  /**
   * FXSAVE; with {@code rexW} FXSAVE64.
   *
   * @throws org.wardian.processor.software.GuestFault #GP where {@code offset} in {@code segment}
   *     is not on a 16-byte boundary
   */
  public static void fxsave(VcpuContext context, int segment, long offset, boolean rexW) {
    checkAlignment(context, segment, offset, 15);
    // The last byte is looked at first, as on the processors that were asked.
    context.probeStore(segment, offset + 511, 1);
    context.probeStore(segment, offset, 512);
    saveX87(context, segment, offset, rexW);
    saveMxcsr(context, segment, offset);
    saveXmm(context, segment, offset);
  }

  /** FXRSTOR; with {@code rexW} FXRSTOR64. #GP also where the image's MXCSR has a reserved bit. */
  public static void fxrstor(VcpuContext context, int segment, long offset, boolean rexW) {
    checkAlignment(context, segment, offset, 15);
    context.probeLoad(segment, offset, 512);
    int mxcsr = loadMxcsr(context, segment, offset);
    loadX87(context, segment, offset, rexW);
    RawMemory.putInt(context.state + StateLayout.MXCSR, mxcsr);
    loadXmm(context, segment, offset);
  }

  /**
   * XSAVE and XSAVEOPT of the components in {@code mask} (EDX:EAX) that XCR0 enables.
   *
   * @throws org.wardian.processor.software.GuestFault #GP where the image is not on a 64-byte
   *     boundary
   */
  public static void xsave(VcpuContext context, int segment, long offset, long mask, boolean rexW) {
    checkAlignment(context, segment, offset, 63);
    long wanted = mask & xcr0(context) & COMPONENTS;
    context.probeStore(segment, offset, size(wanted));
    if ((wanted & X87) != 0) {
      saveX87(context, segment, offset, rexW);
    }
    if ((wanted & (SSE | AVX)) != 0) {
      saveMxcsr(context, segment, offset);
    }
    if ((wanted & SSE) != 0) {
      saveXmm(context, segment, offset);
    }
    if ((wanted & AVX) != 0) {
      for (int i = 0; i < registers(context); i++) {
        long upper = vector(context, i) + 16;
        context.store128(
            segment,
            offset + UPPER_YMM + 16 * i,
            RawMemory.getLong(upper),
            RawMemory.getLong(upper + 8));
      }
    }
    // The other bits of XSTATE_BV and the rest of the header keep what they hold.
    long before = context.load(segment, offset + HEADER, 8);
    context.store(segment, offset + HEADER, 8, before & ~(mask & xcr0(context)) | wanted);
  }

  /**
   * XRSTOR of the components in {@code mask} that XCR0 enables; those absent from the image get
   * their initial state.
   *
   * @throws org.wardian.processor.software.GuestFault #GP where the image is not on a 64-byte
   *     boundary, its header is not of the standard form or names a component that XCR0 does not
   *     enable, or its MXCSR has a reserved bit
   */
  public static void xrstor(
      VcpuContext context, int segment, long offset, long mask, boolean rexW) {
    checkAlignment(context, segment, offset, 63);
    long wanted = mask & xcr0(context) & COMPONENTS;
    context.probeLoad(segment, offset, size(wanted));
    long present = context.load(segment, offset + HEADER, 8);
    // XCOMP_BV must be zero, since the compacted form is not offered; bytes 16 to 23 are checked
    // too.
    long reserved =
        context.load(segment, offset + HEADER + 8, 8)
            | context.load(segment, offset + HEADER + 16, 8);
    if ((present & ~xcr0(context)) != 0 || reserved != 0) {
      throw context.fault(Vector.GP, 0);
    }
    boolean vectors = (wanted & (SSE | AVX)) != 0;
    int mxcsr = vectors ? loadMxcsr(context, segment, offset) : 0;
    if ((wanted & X87) != 0) {
      if ((present & X87) != 0) {
        loadX87(context, segment, offset, rexW);
      } else {
        initialiseX87(context);
      }
    }
    if (vectors) {
      RawMemory.putInt(context.state + StateLayout.MXCSR, mxcsr);
    }
    if ((wanted & SSE) != 0) {
      if ((present & SSE) != 0) {
        loadXmm(context, segment, offset);
      } else {
        for (int i = 0; i < registers(context); i++) {
          context.xmm(i, 0, 0);
        }
      }
    }
    if ((wanted & AVX) != 0) {
      loadUpper(context, segment, offset, (present & AVX) != 0);
    }
  }

  private static long xcr0(VcpuContext context) {
    return RawMemory.getLong(context.state + StateLayout.XCR0);
  }

  private static int size(long components) {
    return (components & AVX) != 0 ? UPPER_YMM + 256 : HEADER + HEADER_SIZE;
  }

  private static void checkAlignment(VcpuContext context, int segment, long offset, int low) {
    long base = RawMemory.getLong(context.state + StateLayout.segment(segment) + StateLayout.BASE);
    if ((base + offset & low) != 0) {
      throw context.fault(Vector.GP, 0);
    }
  }

  /** XMM8 to XMM15 belong to the image in 64-bit mode only. */
  private static int registers(VcpuContext context) {
    return isLong(context) ? 16 : 8;
  }

  private static boolean isLong(VcpuContext context) {
    int attributes =
        RawMemory.getInt(
            context.state + StateLayout.segment(StateLayout.CS) + StateLayout.ATTRIBUTES);
    boolean longMode = (RawMemory.getLong(context.state + StateLayout.EFER) & 1 << 10) != 0;
    return longMode && (attributes & 1 << 13) != 0;
  }

  private static long vector(VcpuContext context, int register) {
    return context.state + StateLayout.VECTOR + register * (long) StateLayout.VECTOR_STRIDE;
  }

  private static void saveX87(VcpuContext context, int segment, long offset, boolean rexW) {
    long state = context.state;
    long words =
        RawMemory.getShort(state + StateLayout.FCW) & 0xffffL
            | (RawMemory.getShort(state + StateLayout.FSW) & 0xffffL) << 16
            | (RawMemory.getByte(state + StateLayout.FTW) & 0xffL) << 32
            | (RawMemory.getShort(state + StateLayout.FOP) & 0x7ffL) << 48;
    long fip = RawMemory.getLong(state + StateLayout.FIP);
    long fdp = RawMemory.getLong(state + StateLayout.FDP);
    if (!rexW) {
      // 32-bit offsets, then the selectors, which this unit does not keep.
      fip = fip & 0xffffffffL | (RawMemory.getShort(state + StateLayout.FCS) & 0xffffL) << 32;
      fdp = fdp & 0xffffffffL | (RawMemory.getShort(state + StateLayout.FDS) & 0xffffL) << 32;
    }
    context.store(segment, offset, 8, words);
    context.store(segment, offset + 8, 8, fip);
    context.store(segment, offset + 16, 8, fdp);
    int top = RawMemory.getShort(state + StateLayout.FSW) >> 11 & 7;
    for (int i = 0; i < 8; i++) {
      long register = state + StateLayout.ST + (top + i & 7) * (long) StateLayout.ST_STRIDE;
      context.store128(
          segment,
          offset + REGISTERS + 16 * i,
          RawMemory.getLong(register),
          RawMemory.getShort(register + 8) & 0xffffL);
    }
  }

  private static void loadX87(VcpuContext context, int segment, long offset, boolean rexW) {
    long state = context.state;
    long words = context.load(segment, offset, 8);
    long fip = context.load(segment, offset + 8, 8);
    long fdp = context.load(segment, offset + 16, 8);
    RegisterStack stack = new RegisterStack();
    stack.state = state;
    RawMemory.putShort(state + StateLayout.FSW, (short) (words >>> 16));
    stack.control((int) words & 0xffff);
    RawMemory.putShort(state + StateLayout.FOP, (short) (words >>> 48 & 0x7ff));
    RawMemory.putLong(state + StateLayout.FIP, rexW ? fip : fip & 0xffffffffL);
    RawMemory.putLong(state + StateLayout.FDP, rexW ? fdp : fdp & 0xffffffffL);
    RawMemory.putShort(state + StateLayout.FCS, (short) 0);
    RawMemory.putShort(state + StateLayout.FDS, (short) 0);
    for (int i = 0; i < 8; i++) {
      context.load128(segment, offset + REGISTERS + 16 * i);
      stack.set(i, (int) context.high & 0xffff, context.low);
    }
    stack.tags((int) (words >>> 32) & 0xff);
  }

  private static void initialiseX87(VcpuContext context) {
    RegisterStack stack = new RegisterStack();
    stack.state = context.state;
    stack.initialise();
    for (int i = 0; i < 8; i++) {
      stack.set(i, 0, 0);
    }
    stack.tags(0);
  }

  private static void saveMxcsr(VcpuContext context, int segment, long offset) {
    long mxcsr = RawMemory.getInt(context.state + StateLayout.MXCSR) & 0xffffffffL;
    context.store(segment, offset + 24, 8, mxcsr | (long) MXCSR_MASK << 32);
  }

  private static int loadMxcsr(VcpuContext context, int segment, long offset) {
    int mxcsr = (int) context.load(segment, offset + 24, 4);
    if ((mxcsr & ~MXCSR_MASK) != 0) {
      throw context.fault(Vector.GP, 0);
    }
    return mxcsr;
  }

  private static void saveXmm(VcpuContext context, int segment, long offset) {
    for (int i = 0; i < registers(context); i++) {
      context.store128(segment, offset + XMM + 16 * i, context.xmmLow(i), context.xmmHigh(i));
    }
  }

  private static void loadXmm(VcpuContext context, int segment, long offset) {
    for (int i = 0; i < registers(context); i++) {
      context.load128(segment, offset + XMM + 16 * i);
      context.xmm(i, context.low, context.high);
    }
  }

  private static void loadUpper(VcpuContext context, int segment, long offset, boolean present) {
    for (int i = 0; i < registers(context); i++) {
      context.low = 0;
      context.high = 0;
      if (present) {
        context.load128(segment, offset + UPPER_YMM + 16 * i);
      }
      RawMemory.putLong(vector(context, i) + 16, context.low);
      RawMemory.putLong(vector(context, i) + 24, context.high);
    }
  }
}
