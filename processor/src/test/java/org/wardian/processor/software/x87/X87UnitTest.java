package org.wardian.processor.software.x87;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.FlatContext;
import org.wardian.processor.software.GuestFault;
import org.wardian.processor.software.Vector;
import org.wardian.processor.software.mmx.MmxUnit;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** Availability, pending exceptions, faults of memory operands and the environment's layouts. */
class X87UnitTest {
  private static final int PE = 1;
  private static final int MP = 1 << 1;
  private static final int EM = 1 << 2;
  private static final int TS = 1 << 3;
  private static final int NE = 1 << 5;

  private static final int SIZE = 1024;
  private static final int RSI = 6;

  private static final String FADD_ST1 = "d8c1";
  private static final String FWAIT = "9b";
  private static final String FLD_M64 = "dd06";
  private static final String FSTP_M64 = "dd1e";
  private static final String FSTP_M80 = "db3e";
  private static final String FNSTENV = "d936";
  private static final String FLDENV = "d926";
  private static final String PADDB = "0ffcca";

  private final Arena arena = Arena.ofConfined();
  private final FlatContext context = FlatContext.create(arena, SIZE);
  private final X87Unit x87 = new X87Unit();
  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final Instruction instruction = new Instruction();

  @BeforeEach
  void reset() {
    cr0(PE | MP | NE);
    execute("dbe3");
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private void cr0(long value) {
    RawMemory.putLong(context.state + StateLayout.CR0, value);
  }

  private void execute(String code) {
    execute(code, 8);
  }

  private void execute(String code, int codeSize) {
    byte[] bytes = HexFormat.of().parseHex(code);
    assertThat(decoder.decode(bytes, 0, bytes.length, codeSize, instruction)).isZero();
    assertThat(x87.execute(context, instruction)).isTrue();
  }

  private int vectorOf(String code) {
    GuestFault fault = catchThrowableOfType(GuestFault.class, () -> execute(code));
    assertThat(fault).as(code).isNotNull();
    return fault.vector;
  }

  private int half(int offset) {
    return RawMemory.getShort(context.state + offset) & 0xffff;
  }

  private void half(int offset, int value) {
    RawMemory.putShort(context.state + offset, (short) value);
  }

  /** Leaves a division by zero pending. */
  private void raiseZeroDivide() {
    half(StateLayout.FCW, 0x37b);
    execute("d9e8");
    execute("d9ee");
    execute("def9");
    assertThat(half(StateLayout.FSW) & 0x8084).isEqualTo(0x8084);
  }

  @ParameterizedTest
  @ValueSource(strings = {FADD_ST1, FLD_M64, "d9e8", "dbe2", "dbe3", FNSTENV, "dfe0", "d92e"})
  void taskSwitchedOrEmulatedIsNotAvailable(String code) {
    cr0(PE | NE | TS);
    assertThat(vectorOf(code)).isEqualTo(Vector.NM);
    cr0(PE | NE | EM);
    assertThat(vectorOf(code)).isEqualTo(Vector.NM);
  }

  @Test
  void waitNeedsBothMonitorAndTaskSwitched() {
    cr0(PE | NE | TS);
    execute(FWAIT);
    cr0(PE | NE | EM | MP);
    execute(FWAIT);
    cr0(PE | NE | TS | MP);
    assertThat(vectorOf(FWAIT)).isEqualTo(Vector.NM);
  }

  @ParameterizedTest
  @ValueSource(strings = {FADD_ST1, FLD_M64, "d9e8", FWAIT, "d92e", FLDENV, "dd26", "d9d0"})
  void pendingExceptionIsReportedByTheNextWaitingInstruction(String code) {
    raiseZeroDivide();
    int status = half(StateLayout.FSW);
    assertThat(vectorOf(code)).isEqualTo(Vector.MF);
    assertThat(half(StateLayout.FSW)).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dbe2", "dbe3", "dfe0", "dd3e", "d93e", FNSTENV, "dd36"})
  void instructionsThatDoNotWaitPassAPendingException(String code) {
    raiseZeroDivide();
    execute(code);
  }

  @Test
  void clearingExceptionsEndsThePendingOne() {
    raiseZeroDivide();
    execute("dbe2");
    assertThat(half(StateLayout.FSW) & 0x80ff).isZero();
    execute("d9e8");
  }

  @Test
  void boardIsToldWhereNumericErrorsAreExternal() {
    AtomicInteger calls = new AtomicInteger();
    X87Unit withWire =
        new X87Unit() {
          @Override
          protected void externalError(org.wardian.processor.software.VcpuContext c) {
            calls.incrementAndGet();
          }
        };
    raiseZeroDivide();
    cr0(PE | MP);
    byte[] code = HexFormat.of().parseHex("d9e8");
    decoder.decode(code, 0, code.length, 8, instruction);
    withWire.execute(context, instruction);
    assertThat(calls).hasValue(1);
  }

  @Test
  void instructionPointerFollowsAllButControlOperations() {
    RawMemory.putLong(context.state + StateLayout.RIP, 0x1234);
    execute("d9e8");
    assertThat(RawMemory.getLong(context.state + StateLayout.FIP)).isEqualTo(0x1234);
    RawMemory.putLong(context.state + StateLayout.RIP, 0x5678);
    execute("d93e");
    assertThat(RawMemory.getLong(context.state + StateLayout.FIP)).isEqualTo(0x1234);
  }

  @Test
  void dataPointerAndOpcodeAreNotedWithAnUnmaskedExceptionOnly() {
    RawMemory.putLong(context.memory() + 64, Double.doubleToRawLongBits(Double.MIN_VALUE));
    context.gpr(RSI, 64);
    execute(FLD_M64);
    assertThat(RawMemory.getLong(context.state + StateLayout.FDP)).isZero();
    half(StateLayout.FCW, 0x37d);
    execute("dbe2");
    execute("dc06");
    assertThat(RawMemory.getLong(context.state + StateLayout.FDP)).isEqualTo(64);
    assertThat(half(StateLayout.FOP)).isEqualTo(0x406);
  }

  @ParameterizedTest
  @ValueSource(strings = {FLD_M64, FSTP_M64, FSTP_M80, FNSTENV, FLDENV, "dd36", "dd26", "df36"})
  void faultingMemoryOperandChangesNothing(String code) {
    execute("d9eb");
    execute("d9e8");
    context.gpr(RSI, SIZE - 6);
    String before = state();
    assertThat(vectorOf(code)).isEqualTo(Vector.PF);
    assertThat(state()).isEqualTo(before);
  }

  /** State block and memory in hexadecimal. */
  private String state() {
    byte[] bytes = new byte[StateLayout.ARCHITECTURAL_SIZE + SIZE];
    RawMemory.copy(context.state, bytes, 0, bytes.length);
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void realModeEnvironmentHoldsLinearPointers() {
    cr0(0);
    RawMemory.putLong(context.state + StateLayout.FIP, 0x12345);
    RawMemory.putLong(context.state + StateLayout.FDP, 0x6789a);
    half(StateLayout.FOP, 0x5c1);
    context.gpr(RSI, 0);
    // In 16-bit code ModRM 34 is [SI].
    execute("d934", 2);
    assertThat(environment(14)).isEqualTo("7f030000ffff" + "4523" + "c115" + "9a78" + "0060");
    half(StateLayout.FOP, 0);
    execute("d924", 2);
    assertThat(RawMemory.getLong(context.state + StateLayout.FIP)).isEqualTo(0x12345);
    assertThat(RawMemory.getLong(context.state + StateLayout.FDP)).isEqualTo(0x6789a);
    assertThat(half(StateLayout.FOP)).isEqualTo(0x5c1);
  }

  private String environment(int size) {
    byte[] bytes = new byte[size];
    RawMemory.copy(context.memory(), bytes, 0, size);
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void mmxChecksEmulationBeforeTaskSwitchAndPendingExceptions() {
    MmxUnit mmx = new MmxUnit(x87);
    byte[] code = HexFormat.of().parseHex(PADDB);
    raiseZeroDivide();
    decoder.decode(code, 0, code.length, 8, instruction);
    assertThat(vectorOf(mmx)).isEqualTo(Vector.MF);
    cr0(PE | NE | TS);
    assertThat(vectorOf(mmx)).isEqualTo(Vector.NM);
    cr0(PE | NE | TS | EM);
    assertThat(vectorOf(mmx)).isEqualTo(Vector.UD);
  }

  private int vectorOf(MmxUnit mmx) {
    return catchThrowableOfType(GuestFault.class, () -> mmx.execute(context, instruction)).vector;
  }

  @Test
  void unitLeavesOtherInstructionsAlone() {
    byte[] code = HexFormat.of().parseHex(PADDB);
    decoder.decode(code, 0, code.length, 8, instruction);
    String before = state();
    assertThat(x87.execute(context, instruction)).isFalse();
    assertThat(state()).isEqualTo(before);
  }
}
