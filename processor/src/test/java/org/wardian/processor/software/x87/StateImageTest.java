package org.wardian.processor.software.x87;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.FlatContext;
import org.wardian.processor.software.GuestFault;
import org.wardian.processor.software.Vector;
import org.wardian.x86.StateLayout;

/** Images of FXSAVE and XSAVE: layout, alignment, reserved bits, components. */
class StateImageTest {
  private static final int SIZE = 1024;
  private static final int SEGMENT = StateLayout.NO_SEGMENT;
  private static final long X87_SSE = 3;
  private static final int HEADER = 512;

  private final Arena arena = Arena.ofConfined();
  private final FlatContext context = FlatContext.create(arena, SIZE);
  private final Random random = new Random(7);

  @BeforeEach
  void fill() {
    long state = context.state;
    for (int i = 0; i < 8; i++) {
      RawMemory.putLong(state + StateLayout.ST + 16 * i, random.nextLong());
      RawMemory.putLong(state + StateLayout.ST + 16 * i + 8, random.nextInt(0x10000));
    }
    for (int i = 0; i < 16; i++) {
      context.xmm(i, random.nextLong(), random.nextLong());
      RawMemory.putLong(state + StateLayout.VECTOR + 32 * i + 16, random.nextLong());
      RawMemory.putLong(state + StateLayout.VECTOR + 32 * i + 24, random.nextLong());
    }
    RawMemory.putShort(state + StateLayout.FCW, (short) 0x37f);
    RawMemory.putShort(state + StateLayout.FSW, (short) 0x2900);
    RawMemory.putByte(state + StateLayout.FTW, (byte) 0xe3);
    RawMemory.putInt(state + StateLayout.MXCSR, 0x1fa0);
    RawMemory.putLong(state + StateLayout.FIP, 0x123456789abL);
    RawMemory.putLong(state + StateLayout.FDP, 0x987654321L);
    RawMemory.putLong(state + StateLayout.XCR0, X87_SSE);
    RawMemory.putLong(state + StateLayout.EFER, 1 << 10);
    RawMemory.putInt(state + StateLayout.segment(StateLayout.CS) + StateLayout.ATTRIBUTES, 1 << 13);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  /** The whole state block in hexadecimal. */
  private String state() {
    byte[] bytes = new byte[StateLayout.ARCHITECTURAL_SIZE];
    RawMemory.copy(context.state, bytes, 0, bytes.length);
    return HexFormat.of().formatHex(bytes);
  }

  private void scramble() {
    RawMemory.putInt(context.state + StateLayout.FCW, 0x1111_0011);
    RawMemory.putByte(context.state + StateLayout.FTW, (byte) 0x11);
    RawMemory.fill(context.state + StateLayout.FOP, StateLayout.FDS - StateLayout.FOP, (byte) 0x11);
    for (int i = 0; i < 8; i++) {
      RawMemory.putLong(context.state + StateLayout.ST + 16 * i, 0x22);
      RawMemory.putLong(context.state + StateLayout.ST + 16 * i + 8, 0x2222);
    }
    for (int i = 0; i < 16; i++) {
      context.xmm(i, 0x33, 0x33);
    }
  }

  private void assertFault(int vector, ThrowingCallable call) {
    String before = state();
    GuestFault fault = catchThrowableOfType(GuestFault.class, call);
    assertThat(fault).isNotNull();
    assertThat(fault.vector).isEqualTo(vector);
    assertThat(state()).isEqualTo(before);
  }

  @Test
  void fxsaveHasTheDocumentedLayout() {
    StateImage.fxsave(context, SEGMENT, 0, true);
    long memory = context.memory();
    assertThat(RawMemory.getLong(memory)).isEqualTo(0x000000e3_2900_037fL);
    assertThat(RawMemory.getLong(memory + 8)).isEqualTo(0x123456789abL);
    assertThat(RawMemory.getLong(memory + 16)).isEqualTo(0x987654321L);
    assertThat(RawMemory.getLong(memory + 24)).isEqualTo(0xffff_00001fa0L);
    // TOP is 5, so ST(0) is physical register 5.
    assertThat(RawMemory.getLong(memory + 32))
        .isEqualTo(RawMemory.getLong(context.state + StateLayout.ST + 16 * 5));
    assertThat(RawMemory.getLong(memory + 160 + 16 * 15)).isEqualTo(context.xmmLow(15));
  }

  @Test
  void shortFormCutsPointersTo32Bits() {
    StateImage.fxsave(context, SEGMENT, 0, false);
    assertThat(RawMemory.getLong(context.memory() + 8)).isEqualTo(0x456789abL);
    assertThat(RawMemory.getLong(context.memory() + 16)).isEqualTo(0x87654321L);
  }

  @Test
  void outsideLongModeEightVectorRegistersAreSaved() {
    RawMemory.putLong(context.state + StateLayout.EFER, 0);
    StateImage.fxsave(context, SEGMENT, 0, false);
    assertThat(RawMemory.getLong(context.memory() + 160 + 16 * 7)).isEqualTo(context.xmmLow(7));
    assertThat(RawMemory.getLong(context.memory() + 160 + 16 * 8)).isZero();
  }

  @Test
  void restoringUndoesSaving() {
    String before = state();
    StateImage.fxsave(context, SEGMENT, 64, true);
    scramble();
    StateImage.fxrstor(context, SEGMENT, 64, true);
    assertThat(state()).isEqualTo(before);
    StateImage.xsave(context, SEGMENT, 128, X87_SSE, true);
    scramble();
    StateImage.xrstor(context, SEGMENT, 128, X87_SSE, true);
    assertThat(state()).isEqualTo(before);
  }

  @Test
  void misalignedImageIsAGeneralProtectionFault() {
    assertFault(Vector.GP, () -> StateImage.fxsave(context, SEGMENT, 8, true));
    assertFault(Vector.GP, () -> StateImage.fxrstor(context, SEGMENT, 8, true));
    assertFault(Vector.GP, () -> StateImage.xsave(context, SEGMENT, 32, X87_SSE, true));
    assertFault(Vector.GP, () -> StateImage.xrstor(context, SEGMENT, 32, X87_SSE, true));
  }

  @Test
  void reservedBitsOfMxcsrAreAGeneralProtectionFault() {
    StateImage.xsave(context, SEGMENT, 0, X87_SSE, true);
    RawMemory.putInt(context.memory() + 24, 0x10000);
    assertFault(Vector.GP, () -> StateImage.fxrstor(context, SEGMENT, 0, true));
    assertFault(Vector.GP, () -> StateImage.xrstor(context, SEGMENT, 0, X87_SSE, true));
    // The x87 component alone does not load MXCSR.
    StateImage.xrstor(context, SEGMENT, 0, 1, true);
  }

  @Test
  void headerIsChecked() {
    StateImage.xsave(context, SEGMENT, 0, X87_SSE, true);
    long header = context.memory() + HEADER;
    RawMemory.putLong(header, 4);
    assertFault(Vector.GP, () -> StateImage.xrstor(context, SEGMENT, 0, X87_SSE, true));
    RawMemory.putLong(header, 3);
    RawMemory.putLong(header + 8, 1L << 63);
    assertFault(Vector.GP, () -> StateImage.xrstor(context, SEGMENT, 0, X87_SSE, true));
    RawMemory.putLong(header + 8, 0);
    RawMemory.putLong(header + 16, 1);
    assertFault(Vector.GP, () -> StateImage.xrstor(context, SEGMENT, 0, X87_SSE, true));
  }

  @Test
  void componentsThatAreNotAskedForStay() {
    RawMemory.fill(context.memory(), SIZE, (byte) 0x55);
    RawMemory.putLong(context.memory() + HEADER, 0);
    StateImage.xsave(context, SEGMENT, 0, 2, true);
    assertThat(RawMemory.getLong(context.memory())).isEqualTo(0x5555555555555555L);
    assertThat(RawMemory.getLong(context.memory() + 160)).isEqualTo(context.xmmLow(0));
    assertThat(RawMemory.getLong(context.memory() + HEADER)).isEqualTo(2);
  }

  @Test
  void absentComponentsGetTheirInitialState() {
    RawMemory.putInt(context.memory() + 24, 0x1f80);
    StateImage.xrstor(context, SEGMENT, 0, X87_SSE, true);
    assertThat(context.xmmLow(3)).isZero();
    assertThat(RawMemory.getShort(context.state + StateLayout.FCW)).isEqualTo((short) 0x37f);
    assertThat(RawMemory.getByte(context.state + StateLayout.FTW)).isZero();
    assertThat(RawMemory.getLong(context.state + StateLayout.ST)).isZero();
  }

  @Test
  void upperHalvesBelongToTheThirdComponent() {
    RawMemory.putLong(context.state + StateLayout.XCR0, 7);
    String before = state();
    StateImage.xsave(context, SEGMENT, 0, 7, true);
    assertThat(RawMemory.getLong(context.memory() + 576 + 16))
        .isEqualTo(RawMemory.getLong(context.state + StateLayout.VECTOR + 32 + 16));
    scramble();
    RawMemory.fill(context.state + StateLayout.VECTOR + 32 + 16, 16, (byte) 0x44);
    StateImage.xrstor(context, SEGMENT, 0, 7, true);
    assertThat(state()).isEqualTo(before);
  }

  @Test
  void randomImagesNeitherCrashNorChangeStateWithAFault() {
    int iterations = Integer.getInteger("wardian.fuzz.iterations", 20_000);
    byte[] bytes = new byte[SIZE];
    for (int i = 0; i < iterations; i++) {
      random.nextBytes(bytes);
      RawMemory.copy(bytes, 0, context.memory(), SIZE);
      if (random.nextInt(4) != 0) {
        RawMemory.putInt(context.memory() + 24, random.nextInt(0x10000));
        RawMemory.putLong(context.memory() + HEADER, random.nextInt(8));
        RawMemory.putLong(context.memory() + HEADER + 8, 0);
        RawMemory.putLong(context.memory() + HEADER + 16, 0);
      }
      String before = state();
      boolean wide = random.nextBoolean();
      try {
        if (random.nextBoolean()) {
          StateImage.fxrstor(context, SEGMENT, 0, wide);
        } else {
          StateImage.xrstor(context, SEGMENT, 0, random.nextInt(8), wide);
        }
        int mxcsr = RawMemory.getInt(context.state + StateLayout.MXCSR);
        assertThat(mxcsr & ~StateImage.MXCSR_MASK).isZero();
      } catch (GuestFault fault) {
        assertThat(fault.vector).isEqualTo(Vector.GP);
        assertThat(state()).isEqualTo(before);
      }
    }
  }
}
