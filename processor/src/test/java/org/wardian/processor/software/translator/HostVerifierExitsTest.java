package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What leaves the code, and what Java comes back for, is what was declared. */
class HostVerifierExitsTest {
  private static final int RBP = HostRegister.RBP;
  private static final int RSI = HostRegister.RSI;
  private static final int R14 = HostRegister.R14;
  private static final int R15 = HostRegister.R15;
  private static final long PARK = BlockEmulator.EXIT + 16;
  private static final long ROUTINE = BlockEmulator.EXIT + 32;
  private static final long LEAVING = BlockEmulator.EXIT + 48;
  private static final int FIRST = 100;

  private final CodeMemory memory = CodeMemory.plain();
  private final HostAssembler a = memory.assembler;
  private final BlockRules rules = new BlockRules();
  private final HostVerifier verifier = new HostVerifier(GoodBlocks.rules());

  @AfterEach
  void close() {
    memory.close();
  }

  /** The verdict on code with one exit, after which it is entered again at {@code again}. */
  private String verify(int again, Consumer<HostAssembler> body) {
    rules
        .clear()
        .tlb(GoodBlocks.TLB)
        .leave(BlockEmulator.EXIT, FIRST)
        .park(PARK)
        .exit(again, false);
    rules.routines(new long[] {LEAVING, ROUTINE}, 1);
    a.start(memory.address(), 4096, BlockEmulator.CODE);
    body.accept(a);
    return verifier.verify(memory.bytes(), a.offset(), 0, BlockEmulator.CODE, rules);
  }

  private static long state(int offset) {
    return HostMemory.at(RBP, offset);
  }

  private static void number(HostAssembler b, int exit) {
    b.movStoreImmediate(4, state(GoodBlocks.NUMBER), exit);
  }

  @Test
  void theWayOutIsTakenWithAnExitOfTheCode() {
    assertThat(verify(-1, b -> leave(b, FIRST))).isNull();
    assertThat(verify(-1, b -> leave(b, FIRST + 1))).contains("without an exit");
    assertThat(verify(-1, b -> leave(b, FIRST - 1))).contains("without an exit");
    assertThat(verify(-1, b -> b.jmpTo(BlockEmulator.EXIT))).contains("without an exit");
  }

  private static void leave(HostAssembler b, int exit) {
    number(b, exit);
    b.jmpTo(BlockEmulator.EXIT);
  }

  @Test
  void exitsMayShareTheirWayOutUnlessOneHasNoNumber() {
    for (boolean second : new boolean[] {true, false}) {
      String verdict =
          verify(
              -1,
              b -> {
                int out = b.newLabel();
                int other = b.newLabel();
                b.jcc(HostCondition.EQUAL, other);
                number(b, FIRST);
                b.jmp(out);
                b.bind(other);
                if (second) {
                  number(b, FIRST);
                }
                b.bind(out);
                b.jmpTo(BlockEmulator.EXIT);
              });
      assertThat(verdict == null).isEqualTo(second);
    }
  }

  @Test
  void aWayBackIsTheExits() {
    assertThat(verify(0, b -> call(b, PARK, BlockEmulator.CODE, 0))).isNull();
    assertThat(verify(0, b -> call(b, PARK, BlockEmulator.CODE + 1, 0))).contains("way back");
    assertThat(verify(-1, b -> call(b, PARK, BlockEmulator.CODE, 0))).contains("way back");
    assertThat(verify(0, b -> call(b, ROUTINE, BlockEmulator.CODE, GoodBlocks.TLB))).isNull();
    assertThat(verify(0, b -> call(b, ROUTINE, BlockEmulator.CODE, 0))).contains("TLB");
    assertThat(verify(-1, b -> call(b, LEAVING, 0x1234, 0))).isNull();
    assertThat(verify(0, b -> call(b, LEAVING + 4, BlockEmulator.CODE, 0))).contains("undeclared");
  }

  private static void call(HostAssembler b, long routine, long back, int tlb) {
    number(b, FIRST);
    b.movImmediate(8, R14, back);
    b.movImmediate(4, R15, tlb);
    b.jmpTo(routine);
  }

  @Test
  void javaEntersAtAnInstruction() {
    assertThat(verify(1, b -> leave(b, FIRST))).contains("middle of an instruction");
    assertThat(verify(500, b -> leave(b, FIRST))).contains("entry outside");
  }

  @Test
  void onlyDisplacementsOfBranchesArePatched() {
    assertThat(link(1)).isNull();
    assertThat(link(0)).contains("patched");
    assertThat(link(5)).contains("patched");
    assertThat(link(-1)).contains("patched");
  }

  private String link(int at) {
    rules.clear().jump(BlockEmulator.EXIT).link(at);
    a.start(memory.address(), 4096, BlockEmulator.CODE);
    int stub = a.newLabel();
    a.jmp(stub);
    a.bind(stub);
    a.jmpTo(BlockEmulator.EXIT);
    return verifier.verify(memory.bytes(), a.offset(), 0, BlockEmulator.CODE, rules);
  }

  /** A look-up, with one of its parts left out. */
  private void lookUp(HostAssembler b, int without) {
    b.mov(8, R14, RSI);
    b.mov(8, R15, without == 1 ? HostRegister.RCX : R14);
    if (without != 2) {
      b.aluImmediate(IntegerAssembler.AND, 4, R15, GoodBlocks.JUMP_ENTRIES - 1);
    }
    b.shift(BitAssembler.SHL, 4, R15, 4);
    if (without != 3) {
      b.aluLoad(IntegerAssembler.XOR, 8, R14, state(GoodBlocks.KEY));
    }
    int size = without == 4 ? 4 : 8;
    b.aluLoad(IntegerAssembler.CMP, size, R14, HostMemory.at(RBP, R15, 0, GoodBlocks.JUMPS));
    int miss = b.newLabel();
    if (without != 5) {
      b.jcc(HostCondition.NOT_EQUAL, miss);
    }
    b.jmpLoad(HostMemory.at(RBP, R15, 0, GoodBlocks.JUMPS + (without == 6 ? 0 : 8)));
    b.bind(miss);
    leave(b, FIRST);
  }

  @Test
  void jumpsGoWhereTheTableSaysOnceTheKeyMatched() {
    assertThat(verify(-1, b -> lookUp(b, 0))).isNull();
    for (int without = 1; without <= 6; without++) {
      int part = without;
      assertThat(verify(-1, b -> lookUp(b, part))).as("part %d", part).isNotNull();
    }
  }

  @Test
  void whatIsHeldIsATarget() {
    assertThat(verify(-1, b -> b.jmpLoad(state(GoodBlocks.HELD)))).contains("undeclared target");
    assertThat(
            verify(
                -1,
                b -> {
                  b.movStore(8, state(GoodBlocks.HELD), RSI);
                  leave(b, FIRST);
                }))
        .contains("no code address");
  }

  @Test
  void wordsForConstantsTakeNoOthers() {
    assertThat(verify(-1, b -> constant(b, GoodBlocks.CONSTANT_END - 1))).isNull();
    assertThat(verify(-1, b -> constant(b, GoodBlocks.CONSTANT_END))).contains("constant");
    assertThat(
            verify(
                -1,
                b -> {
                  b.movStore(4, state(GoodBlocks.CONSTANT), RSI);
                  leave(b, FIRST);
                }))
        .contains("constant");
  }

  private static void constant(HostAssembler b, int value) {
    b.movStoreImmediate(4, state(GoodBlocks.CONSTANT), value);
    leave(b, FIRST);
  }

  @Test
  void x87RegistersAreUsedWhereTheyAreLive() {
    assertThat(verify(-1, b -> x87(b, true))).isNull();
    assertThat(verify(-1, b -> x87(b, false))).contains("may not be live");
  }

  @Test
  void whoComesBackToLiveRegistersLeftWithThem() {
    // FLD1 behind the comparison relies on it; the exit in front of that does not.
    String verdict =
        verify(
            0xd,
            b -> {
              int dead = b.newLabel();
              b.aluStoreImmediate(IntegerAssembler.CMP, 4, state(GoodBlocks.LIVE), 0);
              b.jcc(HostCondition.EQUAL, dead);
              assertThat(b.offset()).isEqualTo(0xd);
              b.x87(0xd9, 0xe8);
              leave(b, FIRST);
              b.bind(dead);
              leave(b, FIRST);
            });
    assertThat(verdict).contains("may not be live");
  }

  private static void x87(HostAssembler b, boolean checked) {
    int dead = b.newLabel();
    b.aluStoreImmediate(IntegerAssembler.CMP, 4, state(GoodBlocks.LIVE), 0);
    if (checked) {
      b.jcc(HostCondition.EQUAL, dead);
    }
    b.x87(0xd9, 0xe8);
    b.bind(dead);
    leave(b, FIRST);
  }

  @Test
  void controlWordsOfOneKindAreNotThoseOfTheOther() {
    HostVerifier strict =
        new HostVerifier(new StateRules().controlWords(0x100, 0x108).x87ControlWords(0x200, 0x208));
    assertThat(control(strict, b -> b.ldmxcsr(state(0x104)))).isNull();
    assertThat(control(strict, b -> b.ldmxcsr(state(0x204)))).contains("control word");
    assertThat(control(strict, b -> b.ldmxcsr(state(0x102)))).contains("control word");
    // FLDCW uses x87 registers, which must be live; where it loads from is looked at all the same.
    assertThat(control(strict, b -> b.fldcw(state(0x104)))).isNotNull();
  }

  private String control(HostVerifier strict, Consumer<HostAssembler> body) {
    rules.clear().jump(BlockEmulator.EXIT);
    a.start(memory.address(), 4096, BlockEmulator.CODE);
    body.accept(a);
    a.jmpTo(BlockEmulator.EXIT);
    return strict.verify(memory.bytes(), a.offset(), 0, BlockEmulator.CODE, rules);
  }

  @Test
  void codeWithoutSseHasNone() {
    rules.clear().withoutSse().jump(BlockEmulator.EXIT);
    a.start(memory.address(), 4096, BlockEmulator.CODE);
    a.sse(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x58, 1, 2);
    a.jmpTo(BlockEmulator.EXIT);
    assertThat(verifier.verify(memory.bytes(), a.offset(), 0, BlockEmulator.CODE, rules))
        .contains("SSE");
  }
}
