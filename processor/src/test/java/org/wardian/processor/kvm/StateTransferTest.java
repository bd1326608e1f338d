package org.wardian.processor.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** The state of a vCPU of the real kernel, there and back. */
class StateTransferTest {
  private static final int STATES = Integer.getInteger("wardian.fuzz.iterations", 300);

  private TinyMachine machine;
  private long back;

  @BeforeEach
  void create() {
    machine = TinyMachine.create();
    back = machine.newBlock().address();
  }

  @AfterEach
  void close() {
    if (machine != null) {
      machine.close();
    }
  }

  private void expectRoundTrip(String what) {
    machine.transfer.write(machine.block);
    RawMemory.fill(back, StateLayout.ARCHITECTURAL_SIZE, (byte) 0x5a);
    machine.transfer.read(back);
    assertThat(StateFields.differences(machine.block, back)).as(what).isEmpty();
  }

  @Test
  void keepsTheStateAfterPowerOn() {
    expectRoundTrip("power on");
  }

  @ParameterizedTest
  @EnumSource
  void keepsRandomStates(RandomStates.Mode mode) {
    for (int seed = 0; seed < STATES; seed++) {
      RandomStates.fill(new Random(seed), machine.block, mode);
      expectRoundTrip(mode + ", seed " + seed);
    }
  }

  @Test
  void leavesTheFieldsOfTheSoftwareProcessorAlone() {
    RawMemory.fill(back, StateLayout.ARCHITECTURAL_SIZE, (byte) 0x5a);
    machine.transfer.read(back);
    for (int field :
        new int[] {
          StateLayout.ZERO,
          StateLayout.CODE_PAGE,
          StateLayout.SCRATCH,
          StateLayout.INSTRUCTIONS,
          StateLayout.TLB_CURRENT,
          StateLayout.TSC_OFFSET
        }) {
      assertThat(RawMemory.getLong(back + field)).isEqualTo(0x5a5a5a5a5a5a5a5aL);
    }
    assertThat(RawMemory.getLong(back + StateLayout.PENDING)).isEqualTo(0x5a5a5a5a5a5a5a5aL);
  }

  static Stream<Arguments> events() {
    return Stream.of(
        Arguments.of("interrupt 0x41", 0x8000_0041L),
        Arguments.of("NMI", 0x8000_0202L),
        Arguments.of("#DE", 0x8000_0300L),
        Arguments.of("#GP(0x1234)", 0x1234_8000_0b0dL),
        Arguments.of("#PF(7)", 0x7_8000_0b0eL));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("events")
  void keepsAnEventUnderWay(String name, long event) {
    machine.flatMode(0x1000);
    RawMemory.putLong(machine.block + StateLayout.EVENT, event);
    expectRoundTrip(name);
  }

  @Test
  void forgetsASoftwareInterruptWhoseInstructionIsExecutedAnew() {
    RawMemory.putLong(machine.block + StateLayout.EVENT, 0x8000_0480L);
    machine.transfer.write(machine.block);
    machine.transfer.read(back);
    assertThat(RawMemory.getLong(back + StateLayout.EVENT)).isZero();
  }

  /** Real-mode handlers of all vectors that write their number to port 0x10. */
  private void installHandlers() {
    for (int vector = 0; vector < 256; vector++) {
      int handler = 0x2000 + 8 * vector;
      machine.word(4 * vector, handler);
      machine.load(handler, 0xb0, vector, 0xe6, 0x10, 0xf4); // mov al,vector; out 0x10,al; hlt
    }
    machine.realMode(0x1000);
    machine.load(0x1000, 0xeb, 0xfe); // jmp $
    RawMemory.putLong(machine.block + StateLayout.GPR + 8 * 4, 0x8000);
  }

  private int vectorSeen() {
    assertThat(machine.run()).isEqualTo(RunPage.EXIT_IO);
    assertThat(RawMemory.getShort(machine.cpu.runPage() + RunPage.IO_PORT)).isEqualTo((short) 0x10);
    long data = RawMemory.getLong(machine.cpu.runPage() + RunPage.IO_DATA_OFFSET);
    return RawMemory.getByte(machine.cpu.runPage() + data) & 0xff;
  }

  @Test
  void deliversAnInterruptThatWasUnderWay() {
    installHandlers();
    RawMemory.putLong(machine.block + StateLayout.EVENT, 0x8000_0041L);
    assertThat(vectorSeen()).isEqualTo(0x41);
    assertThat(RawMemory.getLong(machine.block + StateLayout.EVENT)).isZero();
    // The frame that the delivery pushed: IP, CS, FLAGS.
    assertThat(machine.word(0x7ffa)).isEqualTo(0x1000);
  }

  @Test
  void takesAnNmiThatWaitsAndBlocksTheNext() {
    installHandlers();
    RawMemory.putByte(machine.block + StateLayout.NMI_PENDING, (byte) 1);
    assertThat(vectorSeen()).isEqualTo(2);
    assertThat(RawMemory.getByte(machine.block + StateLayout.NMI_PENDING)).isZero();
    assertThat(RawMemory.getByte(machine.block + StateLayout.NMI_BLOCKED)).isEqualTo((byte) 1);
  }

  @Test
  void holdsAnNmiBackWhileAnotherIsHandled() {
    installHandlers();
    machine.load(0x1000, 0xe6, 0x10, 0xf4); // out 0x10,al; hlt
    RawMemory.putLong(machine.block + StateLayout.GPR, 0x99);
    RawMemory.putByte(machine.block + StateLayout.NMI_PENDING, (byte) 1);
    RawMemory.putByte(machine.block + StateLayout.NMI_BLOCKED, (byte) 1);
    assertThat(vectorSeen()).isEqualTo(0x99);
    assertThat(RawMemory.getByte(machine.block + StateLayout.NMI_PENDING)).isEqualTo((byte) 1);
  }

  @Test
  void deliversADebugTrapThatIsDue() {
    installHandlers();
    RawMemory.putLong(machine.block + StateLayout.DUE_TRAPS, 1 << 14);
    assertThat(vectorSeen()).isEqualTo(1);
    assertThat(RawMemory.getLong(machine.block + StateLayout.DR6)).isEqualTo(0xffff_4ff0L);
  }

  @Test
  void showsTheGuestItsFloatingPointAndVectorRegisters() {
    Random random = new Random(7);
    machine.flatMode(0x1000);
    RawMemory.putLong(machine.block + StateLayout.CR4, 0x600);
    RawMemory.putShort(machine.block + StateLayout.FCW, (short) 0x37f);
    RawMemory.putShort(machine.block + StateLayout.FSW, (short) (3 << 11));
    RawMemory.putByte(machine.block + StateLayout.FTW, (byte) 0x35);
    for (int i = 0; i < 8; i++) {
      long at = machine.block + StateLayout.ST + 16L * i;
      RawMemory.putLong(at, random.nextLong() | Long.MIN_VALUE);
      RawMemory.putLong(at + 8, 0x3f00 + i);
      at = machine.block + StateLayout.VECTOR + 32L * i;
      RawMemory.putLong(at, random.nextLong());
      RawMemory.putLong(at + 8, random.nextLong());
    }
    // fxsave [0x4000]; out 0x10,al
    machine.load(0x1000, 0x0f, 0xae, 0x05, 0x00, 0x40, 0, 0, 0xe6, 0x10);
    assertThat(machine.run()).isEqualTo(RunPage.EXIT_IO);
    long image = machine.memory.hostAddress(0x4000);
    assertThat(RawMemory.getShort(image)).isEqualTo((short) 0x37f);
    assertThat(RawMemory.getShort(image + 2)).isEqualTo((short) 0x1800);
    assertThat(RawMemory.getByte(image + 4)).isEqualTo((byte) 0x35);
    assertThat(RawMemory.getInt(image + 24)).isEqualTo(0x1f80);
    for (int i = 0; i < 8; i++) {
      long register = machine.block + StateLayout.ST + 16L * (i + 3 & 7);
      assertThat(RawMemory.getLong(image + 32 + 16 * i))
          .as("ST(%d)", i)
          .isEqualTo(RawMemory.getLong(register));
      assertThat(RawMemory.getShort(image + 40 + 16 * i))
          .as("exponent of ST(%d)", i)
          .isEqualTo(RawMemory.getShort(register + 8));
      long vector = machine.block + StateLayout.VECTOR + 32L * i;
      assertThat(RawMemory.getLong(image + 160 + 16 * i)).isEqualTo(RawMemory.getLong(vector));
      assertThat(RawMemory.getLong(image + 168 + 16 * i)).isEqualTo(RawMemory.getLong(vector + 8));
    }
  }

  @Test
  void runsWhatItWroteIn64BitMode() {
    machine.flatMode(0x1000);
    long cs = machine.block + StateLayout.segment(StateLayout.CS);
    RawMemory.putInt(cs + StateLayout.ATTRIBUTES, 0xa09b);
    RawMemory.putLong(machine.block + StateLayout.CR0, 0x8000_0011L);
    RawMemory.putLong(machine.block + StateLayout.CR4, 0x620);
    RawMemory.putLong(machine.block + StateLayout.CR3, 0x4000);
    RawMemory.putLong(machine.block + StateLayout.EFER, 0xd01);
    long higher = 0xffff_8000_0000_1000L;
    RawMemory.putLong(machine.block + StateLayout.RIP, higher);
    machine.word(0x4000 + 8 * 256, 0x5003);
    machine.word(0x5000, 0x6003);
    machine.word(0x6000, 0x83);
    RawMemory.putLong(machine.block + StateLayout.GPR + 8 * 9, 0x1234_5678_9abcL);
    // lea r10,[rip-7]; lea r11,[r9*2]; out 0x10,al
    machine.load(
        0x1000, 0x4c, 0x8d, 0x15, 0xf9, 0xff, 0xff, 0xff, 0x4e, 0x8d, 0x1c, 0x4d, 0, 0, 0, 0, 0xe6,
        0x10);
    assertThat(machine.run()).isEqualTo(RunPage.EXIT_IO);
    assertThat(RawMemory.getLong(machine.block + StateLayout.GPR + 8 * 10)).isEqualTo(higher);
    assertThat(RawMemory.getLong(machine.block + StateLayout.GPR + 8 * 11))
        .isEqualTo(0x2468_acf1_3578L);
  }

  @Test
  void setsTheTimestampCounterOrSaysThatItCannot() {
    long ticks = 1L << 50;
    boolean set = machine.transfer.timestamp(ticks);
    long now = machine.transfer.timestamp();
    assertThat(now >= ticks && now < ticks + (1L << 45)).isEqualTo(set);
  }

  @Test
  void keepsPagingOf32BitsOrSaysThatItCannot() {
    machine.flatMode(0x1000);
    RawMemory.putLong(machine.block + StateLayout.CR0, 0x8000_0011L);
    RawMemory.putLong(machine.block + StateLayout.CR3, 0x4000);
    try {
      expectRoundTrip("paging");
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("cannot run a guest in this mode");
    }
  }

  static Stream<Arguments> nonsense() {
    int cs = StateLayout.segment(StateLayout.CS);
    int tr = StateLayout.segment(StateLayout.TR);
    int fs = StateLayout.segment(StateLayout.FS);
    return Stream.of(
        Arguments.of("CR0 0x80000010 has PG without PE", StateLayout.CR0, 8, 0x8000_0010L),
        Arguments.of("CR0 0x20000010 has NW without CD", StateLayout.CR0, 8, 0x2000_0010L),
        Arguments.of("CR0 0x100000010 has reserved bits", StateLayout.CR0, 8, 0x1_0000_0010L),
        Arguments.of("EFER 0x400 has an LMA", StateLayout.EFER, 8, 0x400L),
        Arguments.of("EFER 0x2 has reserved bits", StateLayout.EFER, 8, 2L),
        Arguments.of("CR4 0x20000 has PCIDE", StateLayout.CR4, 8, 0x2_0000L),
        Arguments.of("kernel refuses the control registers", StateLayout.CR4, 8, 0x8000_0000L),
        Arguments.of("RFLAGS 0x8000 has reserved bits", StateLayout.EFLAGS, 8, 0x8000L),
        Arguments.of("RFLAGS 0x20002 has VM outside", StateLayout.EFLAGS, 8, 0x2_0002L),
        Arguments.of("RIP 0x100000000 is wider", StateLayout.RIP, 8, 1L << 32),
        Arguments.of("CS attributes 0x1009b are those", cs + StateLayout.ATTRIBUTES, 4, 0x1009bL),
        Arguments.of(
            "CS attributes 0x2009b are undefined", cs + StateLayout.ATTRIBUTES, 4, 0x2009bL),
        Arguments.of("CS limit 0x100000 is wider", cs + StateLayout.LIMIT, 4, 0x10_0000L),
        Arguments.of("TR attributes 0x0 are those", tr + StateLayout.ATTRIBUTES, 4, 0L),
        Arguments.of("FS 0x800000000000 is not", fs + StateLayout.BASE, 8, 1L << 47),
        Arguments.of("DR7 0x100000400 is wider", StateLayout.DR7, 8, 0x1_0000_0400L),
        Arguments.of("MXCSR 0x10000 has reserved bits", StateLayout.MXCSR, 4, 0x1_0000L),
        Arguments.of("XCR0 0x0 lacks the x87", StateLayout.XCR0, 8, 0L),
        Arguments.of("kernel refuses XCR0", StateLayout.XCR0, 8, 0x8000_0000_0000_0001L),
        Arguments.of("activity 0x7 is unknown", StateLayout.ACTIVITY, 4, 7L),
        Arguments.of("event under way 0x80000722 is none", StateLayout.EVENT, 8, 0x8000_0722L),
        Arguments.of("event under way 0x80000302 is none", StateLayout.EVENT, 8, 0x8000_0302L),
        Arguments.of("due 0x10 are no bits", StateLayout.DUE_TRAPS, 8, 0x10L),
        Arguments.of("IA32_LSTAR 0x800000000000 is not", StateLayout.LSTAR, 8, 1L << 47),
        Arguments.of("IA32_PAT 0x2 has an unknown", StateLayout.PAT, 8, 2L),
        Arguments.of("IA32_MTRR_FIX_250 (MSR 0x250)", StateLayout.MTRR_FIXED, 8, 2L),
        Arguments.of("IA32_MTRR_PHYSBASE0 (MSR 0x200)", StateLayout.MTRR_VARIABLE, 8, 2L));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("nonsense")
  void refusesWhatNoProcessorCanBeIn(String message, int offset, int size, long value) {
    if (size == 8) {
      RawMemory.putLong(machine.block + offset, value);
    } else {
      RawMemory.putInt(machine.block + offset, (int) value);
    }
    assertThatThrownBy(() -> machine.transfer.write(machine.block))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void survivesBlocksOfRandomBytes() {
    Random random = new Random(42);
    byte[] bytes = new byte[StateLayout.ARCHITECTURAL_SIZE];
    for (int i = 0; i < STATES; i++) {
      RandomStates.fill(random, machine.block, RandomStates.Mode.values()[i % 3]);
      RawMemory.copy(machine.block, bytes, 0, bytes.length);
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      RawMemory.copy(bytes, 0, machine.block, bytes.length);
      try {
        machine.transfer.write(machine.block);
        machine.transfer.read(back);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageNotContaining("null");
      }
    }
  }
}
