package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The native side alone, against results worked out by hand. */
class HostEngineTest {
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RBX = 3;
  private static final int RSP = 4;
  private static final int RSI = 6;
  private static final int RDI = 7;
  private static final long CF = 1;
  private static final long ZF = 0x40;

  private HostEngine host;
  private final CaseState before = new CaseState();
  private final CaseState after = new CaseState();

  @BeforeEach
  void open() {
    assumeTrue(HostEngine.refusal().isEmpty(), HostEngine.refusal());
    host = HostEngine.open();
  }

  @AfterEach
  void close() {
    if (host != null) {
      host.close();
    }
  }

  private void begin(int codeSize) {
    before.initialFloatingPoint();
    before.segmentsFor(codeSize);
    long origin = codeSize == 8 ? ScratchLayout.WINDOW : 0;
    before.rip = origin + ScratchLayout.CODE + 0x400;
    before.gpr[RSP] = origin + ScratchLayout.STACK + 0x800;
    before.gpr[RSI] = origin + ScratchLayout.DATA + 0x100;
    before.gpr[RDI] = origin + ScratchLayout.DATA + 0x200;
    before.flags = 0x202;
  }

  private Outcome execute(int codeSize, String hex) {
    host.load(before);
    Outcome outcome = host.execute(HexFormat.of().parseHex(hex), codeSize);
    host.store(after);
    return outcome;
  }

  @Test
  void additionSetsCarryAndZero() {
    begin(8);
    before.gpr[RAX] = -1;
    before.gpr[RBX] = 1;
    assertThat(execute(8, "4801d8")).isEqualTo(Outcome.OK); // add rax, rbx
    assertThat(after.gpr[RAX]).isZero();
    assertThat(after.flags & (CF | ZF)).isEqualTo(CF | ZF);
    assertThat(after.rip).isEqualTo(before.rip + 3);
    assertThat(after.gpr[RBX]).isEqualTo(1);
    assertThat(after.memory).isEqualTo(before.memory);
  }

  @Test
  void divisionByZeroIsReportedWithTheStateBefore() {
    begin(8);
    before.gpr[RAX] = 5;
    assertThat(execute(8, "48f7f1")).isEqualTo(new Outcome(0, 0, 0)); // div rcx
    assertThat(after.gpr[RAX]).isEqualTo(5);
    assertThat(after.rip).isEqualTo(before.rip);
  }

  @Test
  void pushWritesTheStackThatTheCaseGave() {
    begin(8);
    before.gpr[RAX] = 0x1122334455667788L;
    assertThat(execute(8, "50")).isEqualTo(Outcome.OK);
    assertThat(after.gpr[RSP]).isEqualTo(before.gpr[RSP] - 8);
    assertThat(after.memoryLong(ScratchLayout.STACK + 0x7f8)).isEqualTo(0x1122334455667788L);
  }

  @Test
  void repeatedMoveCopies() {
    begin(8);
    before.gpr[RCX] = 3;
    before.memoryLong(ScratchLayout.DATA + 0x100, 0xccbbaaL);
    assertThat(execute(8, "f3a4")).isEqualTo(Outcome.OK); // rep movsb
    assertThat(after.memoryLong(ScratchLayout.DATA + 0x200) & 0xffffff).isEqualTo(0xccbbaa);
    assertThat(after.gpr[RCX]).isZero();
    assertThat(after.gpr[RSI]).isEqualTo(before.gpr[RSI] + 3);
  }

  @Test
  void packedSinglesAreAdded() {
    begin(8);
    Slots.set(before, Slots.XMM, Integer.toUnsignedLong(Float.floatToRawIntBits(1.5f)));
    Slots.set(before, Slots.XMM + 2, Integer.toUnsignedLong(Float.floatToRawIntBits(2.25f)));
    assertThat(execute(8, "0f58c1")).isEqualTo(Outcome.OK); // addps xmm0, xmm1
    assertThat(Float.intBitsToFloat((int) Slots.get(after, Slots.XMM))).isEqualTo(3.75f);
  }

  @Test
  void x87StackHoldsEightyBits() {
    begin(8);
    assertThat(execute(8, "d9eb")).isEqualTo(Outcome.OK); // fldpi
    assertThat(Slots.get(after, Slots.ST)).isEqualTo(0xc90fdaa22168c235L);
    assertThat(Slots.get(after, Slots.ST + 1)).isEqualTo(0x4000);
    assertThat(Slots.get(after, Slots.FTW)).isEqualTo(0x80);
  }

  @Test
  void unmaskedFloatingPointExceptionArrivesAsItsVector() {
    begin(8);
    before.fxInt(CaseState.FX_MXCSR, 0x1d80); // division by zero unmasked
    Slots.set(before, Slots.XMM, Integer.toUnsignedLong(Float.floatToRawIntBits(1f)));
    assertThat(execute(8, "f30f5ec1").vector()).isEqualTo(19); // divss xmm0, xmm1
    assertThat(Slots.get(after, Slots.MXCSR) & 4).isEqualTo(4);
  }

  @Test
  void decimalAdjustRunsIn32BitCode() {
    begin(4);
    before.gpr[RAX] = 0x0f;
    assertThat(execute(4, "37")).isEqualTo(Outcome.OK); // aaa
    assertThat(after.gpr[RAX]).isEqualTo(0x105);
    assertThat(after.flags & CF).isEqualTo(CF);
  }

  @Test
  void sixteenBitCodeAddressesTheWindowThroughItsSegment() {
    begin(2);
    before.gpr[RBX] = ScratchLayout.DATA + 0x40;
    before.memoryLong(ScratchLayout.DATA + 0x40, 0xbeef);
    assertThat(execute(2, "8b07")).isEqualTo(Outcome.OK); // mov ax, [bx]
    assertThat(after.gpr[RAX]).isEqualTo(0xbeef);
  }

  @Test
  void limitOfASegmentIsGeneralProtection() {
    begin(4);
    before.gpr[RBX] = 0x1_0000;
    assertThat(execute(4, "8b03")).isEqualTo(new Outcome(13, 0, 0)); // mov eax, [ebx]
  }

  @Test
  void pageFaultTellsAddressAndErrorCode() {
    begin(8);
    before.gpr[RBX] = ScratchLayout.WINDOW + ScratchLayout.READ_ONLY + 8;
    Outcome written = execute(8, "8903"); // mov [rbx], eax
    assertThat(written).isEqualTo(new Outcome(14, 7, before.gpr[RBX]));
    before.gpr[RBX] = ScratchLayout.WINDOW + 0x2000;
    assertThat(execute(8, "8b03")).isEqualTo(new Outcome(14, 4, before.gpr[RBX]));
  }

  @Test
  void privilegedAndUndefinedInstructionsAreReported() {
    begin(8);
    assertThat(execute(8, "f4")).isEqualTo(new Outcome(13, 0, 0)); // hlt
    assertThat(execute(8, "0f0b")).isEqualTo(new Outcome(6, 0, 0)); // ud2
    assertThat(execute(8, "cc")).isEqualTo(new Outcome(3, 0, 0)); // int3
    assertThat(execute(8, "cd03")).isEqualTo(new Outcome(3, 0, 0)); // int 3
    assertThat(execute(8, "cd20")).isEqualTo(new Outcome(13, 0x102, 0)); // int 0x20
  }

  @Test
  void branchesAreFollowed() {
    begin(8);
    before.gpr[RDX] = ScratchLayout.WINDOW + ScratchLayout.CODE + 0x800;
    assertThat(execute(8, "ffe2")).isEqualTo(Outcome.OK); // jmp rdx
    assertThat(after.rip).isEqualTo(before.gpr[RDX]);
  }

  @Test
  void anyStackPointerIsSurvived() {
    begin(8);
    before.gpr[RSP] = 0xdead_beef_0000_0001L;
    assertThat(execute(8, "4889e0")).isEqualTo(Outcome.OK); // mov rax, rsp
    assertThat(after.gpr[RAX]).isEqualTo(0xdead_beef_0000_0001L);
    assertThat(execute(8, "50").vector()).isEqualTo(12); // push rax
  }

  @Test
  void theJavaMachinesOwnSignalsStillWork() {
    begin(8);
    for (int i = 0; i < 1000; i++) {
      execute(8, i % 2 == 0 ? "0f0b" : "48f7f1");
    }
    int caught = 0;
    for (int i = 0; i < 50_000; i++) {
      try {
        caught += new int[] {1}[0] / (i & 1);
      } catch (ArithmeticException e) {
        caught++;
      }
    }
    assertThat(caught).isEqualTo(50_000);
  }
}
