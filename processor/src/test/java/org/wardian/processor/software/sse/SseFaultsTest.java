package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.GuestFault;
import org.wardian.processor.software.Vector;
import org.wardian.processor.software.mmx.MmxUnit;
import org.wardian.x86.StateLayout;

/** Checks before execution, operand sizes, alignment, and that a fault changes nothing. */
class SseFaultsTest {
  private static final long CR0_EM = 1 << 2;
  private static final long CR0_TS = 1 << 3;
  private static final long CR4_OSFXSR = 1 << 9;
  private static final long ONE = 0x3ff0_0000_0000_0000L;
  private static final long THREE = 0x4008_0000_0000_0000L;

  private static final String ADDPS = "0f58ca";
  private static final String DIVSD = "f20f5eca";
  private static final String MOVNTI_AT_0 = "480fc3042500000000";
  private static final String LDMXCSR_AT_0 = "0fae142500000000";
  private static final String MASKMOVDQU = "660ff7ca";

  private final SseMachine machine = new SseMachine();

  @BeforeEach
  void fill() {
    machine.context.xmm(1, ONE, ONE);
    machine.context.xmm(2, THREE, THREE);
  }

  private int faultOf(String code) {
    GuestFault fault = catchThrowableOfType(GuestFault.class, () -> machine.execute(code));
    return fault == null ? -1 : fault.vector;
  }

  /** Bytes of an instruction whose last four are an absolute address. */
  private static String at(String code, int address) {
    return code + String.format("%08x", Integer.reverseBytes(address));
  }

  @Test
  void emulationAndMissingOsSupportAreUndefinedAndTakePrecedence() {
    machine.control0(CR0_EM | CR0_TS);
    assertThat(faultOf(ADDPS)).isEqualTo(Vector.UD);
    machine.control0(CR0_TS);
    assertThat(faultOf(ADDPS)).isEqualTo(Vector.NM);
    machine.control4(0);
    assertThat(faultOf(ADDPS)).isEqualTo(Vector.UD);
    assertThat(faultOf(LDMXCSR_AT_0)).isEqualTo(Vector.UD);
  }

  @Test
  void movntiNeedsNoSseState() {
    machine.control0(CR0_EM | CR0_TS);
    machine.control4(0);
    machine.context.gpr(0, 5);
    machine.execute(MOVNTI_AT_0);
    assertThat(machine.memory(0)).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0f280c25", "0f290c25", "660f6f0c25", "660fe70c25", "660f382a0c25", "0f580c25",
        "660ffc0c25", "0f5c0c25", "660f38dc0c25", "660f38000c25", "0f530c25", "660fd10c25"
      })
  void misalignedOperandIsGeneralProtection(String code) {
    machine.mxcsr(0x1f80);
    assertThat(faultOf(at(code, 8))).isEqualTo(Vector.GP);
    assertThat(machine.context.xmmLow(1)).isEqualTo(ONE);
    assertThat(faultOf(at(code, 16))).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0f100c25", "0f110c25", "f30f6f0c25", "f20ff00c25", "660f120c25"})
  void unalignedMovesTakeAnyAddress(String code) {
    assertThat(faultOf(at(code, 9))).isEqualTo(-1);
  }

  @Test
  void stringComparisonTakesAnyAddress() {
    assertThat(faultOf("660f3a630c250900000000")).isEqualTo(-1);
  }

  @Test
  void alignmentIsThatOfTheLinearAddress() {
    RawMemory.putLong(
        machine.context.state + StateLayout.segment(StateLayout.FS) + StateLayout.BASE, 8);
    assertThat(faultOf(at("640f280c25", 8))).isEqualTo(-1);
    assertThat(faultOf(at("640f280c25", 16))).isEqualTo(Vector.GP);
  }

  @ParameterizedTest
  @CsvSource({
    "f30f100c25, 4", "f20f100c25, 8", "f30f7e0c25, 8", "660f6e0c25, 4", "66480f6e0c25, 8",
    "0f120c25, 8", "0f160c25, 8", "f20f120c25, 8", "f30f580c25, 4", "f20f580c25, 8",
    "0f2e0c25, 4", "660f2e0c25, 8", "f30fe60c25, 8", "0f5a0c25, 8", "660f38300c25, 8",
    "660f38210c25, 4", "660f38220c25, 2", "f30f110c25, 4", "f20f110c25, 8", "660fd60c25, 8",
    "0f2a0c25, 8", "f20f2a0c25, 4", "0fae1c25, 4", "0f100c25, 16", "660f6f0c25, 16"
  })
  void operandHasItsSizeAndNothingChangesOnFault(String code, int size) {
    String last = at(code, SseMachine.MEMORY_SIZE - size);
    String beyond = at(code, SseMachine.MEMORY_SIZE - size + (size == 16 ? 16 : 1));
    assertThat(faultOf(beyond)).isEqualTo(Vector.PF);
    assertThat(machine.context.xmmLow(1)).isEqualTo(ONE);
    assertThat(machine.context.xmmHigh(1)).isEqualTo(ONE);
    assertThat(machine.mxcsr()).isEqualTo(SseMachine.DEFAULT_MXCSR);
    assertThat(faultOf(last)).isEqualTo(-1);
  }

  @Test
  void unmaskedExceptionKeepsTheDestinationAndSetsItsFlag() {
    machine.context.xmm(2, 0, 0);
    machine.mxcsr(0x1d80);
    assertThat(faultOf(DIVSD)).isEqualTo(Vector.XM);
    assertThat(machine.context.xmmLow(1)).isEqualTo(ONE);
    assertThat(machine.mxcsr()).isEqualTo(0x1d84);
    machine.control4(CR4_OSFXSR);
    assertThat(faultOf(DIVSD)).isEqualTo(Vector.UD);
  }

  @Test
  void reservedBitsOfMxcsrAreGeneralProtection() {
    machine.memory(0, 0x1_0000);
    assertThat(faultOf(LDMXCSR_AT_0)).isEqualTo(Vector.GP);
    assertThat(machine.mxcsr()).isEqualTo(SseMachine.DEFAULT_MXCSR);
    machine.memory(0, 0xffff);
    machine.execute(LDMXCSR_AT_0);
    assertThat(machine.mxcsr()).isEqualTo(0xffff);
  }

  @Test
  void maskedStoreTouchesOnlySelectedBytes() {
    machine.context.gpr(7, SseMachine.MEMORY_SIZE - 4);
    machine.memory(SseMachine.MEMORY_SIZE - 8, -1);
    machine.context.xmm(1, 0x8877_6655_4433_2211L, 0);
    machine.context.xmm(2, 0x8000_8000L, 0);
    machine.execute(MASKMOVDQU);
    assertThat(machine.memory(SseMachine.MEMORY_SIZE - 8)).isEqualTo(0x44ff_22ff_ffff_ffffL);
    machine.context.xmm(2, 0x80_8000_8000L, 0);
    assertThat(faultOf(MASKMOVDQU)).isEqualTo(Vector.PF);
    machine.context.xmm(2, 0, 0);
    machine.context.gpr(7, -100);
    assertThatCode(() -> machine.execute(MASKMOVDQU)).doesNotThrowAnyException();
  }

  @Test
  void upperHalfOfTheVectorRegisterIsKept() {
    long upper = machine.context.state + StateLayout.VECTOR + StateLayout.VECTOR_STRIDE + 16;
    RawMemory.putLong(upper, 77);
    RawMemory.putLong(upper + 8, 78);
    machine.execute("0f28ca");
    machine.execute(ADDPS);
    machine.execute("f30f7eca");
    assertThat(RawMemory.getLong(upper)).isEqualTo(77);
    assertThat(RawMemory.getLong(upper + 8)).isEqualTo(78);
  }

  @ParameterizedTest
  @CsvSource({
    "660f2aca, true", "0f2aca, true", "660f2a0c2500000000, false", "0f2a0c2500000000, false",
    "0f2dca, true", "660f2cca, true", "f30fd6ca, true", "f20fd6ca, true"
  })
  void mmxOperandMakesTheTransitionAndReportsPendingExceptions(String code, boolean transition) {
    long state = machine.context.state;
    RawMemory.putShort(state + StateLayout.FSW, (short) 0x3800);
    machine.execute(code);
    assertThat(RawMemory.getByte(state + StateLayout.FTW)).isEqualTo((byte) (transition ? -1 : 0));
    assertThat(RawMemory.getShort(state + StateLayout.FSW))
        .isEqualTo((short) (transition ? 0 : 0x3800));
    RawMemory.putShort(state + StateLayout.FSW, (short) 0x80);
    assertThat(faultOf(code)).isEqualTo(transition ? Vector.MF : -1);
  }

  @Test
  void writtenMmxRegisterHasAnExponentOfOnes() {
    machine.execute("f20fd6ca");
    assertThat(MmxUnit.read(machine.context, 1)).isEqualTo(THREE);
    long register = machine.context.state + StateLayout.ST + StateLayout.ST_STRIDE;
    assertThat(RawMemory.getShort(register + 8)).isEqualTo((short) -1);
  }
}
