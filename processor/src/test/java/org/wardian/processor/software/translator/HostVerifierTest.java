package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** The verifier accepts what the translator writes and nothing that does harm. */
class HostVerifierTest {
  private static final int MUTATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int RUNS = 3;
  private static final int RAX = HostRegister.RAX;
  private static final int RBX = HostRegister.RBX;
  private static final int RCX = HostRegister.RCX;
  private static final int RDX = HostRegister.RDX;
  private static final int RBP = HostRegister.RBP;
  private static final int RSP = HostRegister.RSP;
  private static final int R14 = HostRegister.R14;
  private static final int R15 = HostRegister.R15;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(9);
  private final CodeMemory memory = CodeMemory.plain();
  private final HostAssembler a = memory.assembler;
  private final BlockRules rules = new BlockRules();
  private final GoodBlocks blocks = new GoodBlocks(a, rules, BlockEmulator.EXIT);
  private final HostVerifier verifier = new HostVerifier(GoodBlocks.rules());
  private int codeLength;
  private int dataLength;

  @AfterEach
  void close() {
    memory.close();
  }

  private byte[] write(Runnable body) {
    a.start(memory.address(), 4096, BlockEmulator.CODE);
    rules.clear().tlb(GoodBlocks.TLB).jump(BlockEmulator.EXIT);
    body.run();
    codeLength = a.offset();
    dataLength = a.writeConstants();
    assertThat(a.hasOpenLabels()).isFalse();
    return memory.bytes();
  }

  private String verify(byte[] code) {
    return verifier.verify(code, codeLength, dataLength, BlockEmulator.CODE, rules);
  }

  private String verify(Consumer<HostAssembler> body) {
    byte[] code =
        write(() -> {
          body.accept(a);
          a.jmpTo(BlockEmulator.EXIT);
        });
    return verify(code);
  }

  @TestFactory
  Iterable<DynamicTest> goodBlocksAreAcceptedAndDoNoHarm() {
    return blocks.all().entrySet().stream()
        .map(block ->
            DynamicTest.dynamicTest(
                block.getKey(),
                () -> {
                  byte[] code = write(block.getValue());
                  assertThat(verify(code)).isNull();
                  try (BlockEmulator emulator = new BlockEmulator(random)) {
                    for (int i = 0; i < 100; i++) {
                      assertThat(emulator.run(code, rules.maximumPushes())).isNull();
                    }
                  }
                }))
        .toList();
  }

  @Test
  void aProbeByRotationIsAccepted() {
    assertThat(verify(write(blocks::rotatedProbe))).isNull();
  }

  @Test
  void acceptedMutationsDoNoHarm() {
    int accepted = 0;
    int harmfulRejected = 0;
    Map<String, Runnable> all = blocks.all();
    try (BlockEmulator emulator = new BlockEmulator(random)) {
      for (Map.Entry<String, Runnable> block : all.entrySet()) {
        byte[] good = write(block.getValue());
        for (int i = 0; i < MUTATIONS / all.size(); i++) {
          byte[] code = mutated(good);
          boolean passes = verify(code) == null;
          if (!canRun(code, passes)) {
            continue;
          }
          for (int run = 0; run < (passes ? RUNS : 1) && (passes || i % 8 == 0); run++) {
            String harm = emulator.run(code, rules.maximumPushes());
            if (passes) {
              assertThat(harm)
                  .as("%s as %s", block.getKey(), HexFormat.of().formatHex(code))
                  .isNull();
            } else if (harm != null) {
              harmfulRejected++;
            }
          }
          accepted += passes ? 1 : 0;
        }
      }
    }
    // The judge sees harm where there is some, and has something to judge.
    assertThat(accepted).isGreaterThan(MUTATIONS / 50);
    assertThat(harmfulRejected).isGreaterThan(MUTATIONS / 100);
  }

  private byte[] mutated(byte[] good) {
    byte[] code = good.clone();
    int count = random.nextInt(4) == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(codeLength);
      code[at] =
          (byte) (random.nextBoolean() ? code[at] ^ 1 << random.nextInt(8) : random.nextInt(256));
    }
    return code;
  }

  /**
   * Whether all instructions are the interpreter's and the code ends: no jump goes back, and it
   * does not wait for interrupts.
   */
  private boolean canRun(byte[] code, boolean passes) {
    Decoder decoder = new Decoder(CpuModel.everything());
    Instruction in = new Instruction();
    for (int at = 0; at < codeLength; at += in.length) {
      if (decoder.decode(code, at, codeLength - at, 8, in) != Decoder.OK
          || !HostOperations.isAllowed(in.form)
          || !passes && in.form.operation() == Operation.JMP && in.kind0 != Instruction.RELATIVE
          || !passes && in.form.operation() == Operation.POPF
          || in.kind0 == Instruction.RELATIVE && in.immediate < 0) {
        return false;
      }
    }
    return true;
  }

  @Test
  void storesAnywhereElseAreRejected() {
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RBX, 0), RAX))).contains("unknown origin");
    assertThat(verify(b -> b.movStore(8, HostMemory.absolute(64), RAX))).contains("unknown origin");
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RBP, StateLayout.CR3), RAX)))
        .contains("protected");
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RBP, GoodBlocks.TLB + 16), RAX)))
        .contains("protected");
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RBP, RBX, 0, 0), RAX)))
        .contains("unbounded");
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RSP, -8), RAX))).contains("pushed");
    assertThat(verify(b -> b.movStore(8, HostMemory.at(RBP, StateLayout.ZERO - 4), RAX)))
        .contains("protected");
  }

  @Test
  void accessesBeyondTheirProbeAreRejected() {
    assertThat(verify(b -> probed(b, 8, -4096, 8, 0))).isNull();
    assertThat(verify(b -> probed(b, 7, -4096, 8, 0))).contains("without a probe");
    assertThat(verify(b -> probed(b, 8, -4096, 8, 1))).contains("without a probe");
    assertThat(verify(b -> probed(b, 8, -4096, 8, -1))).contains("without a probe");
    assertThat(verify(b -> probed(b, 16, -4096, 8, 8))).isNull();
    assertThat(verify(b -> probed(b, 8, -4096, 4, 0))).contains("without a probe");
    assertThat(verify(b -> probed(b, 8, -8192, 8, 0))).contains("without a probe");
    assertThat(verify(b -> probed(b, 8, -2048, 8, 0))).contains("without a probe");
    assertThat(verify(b -> probed(b, 9000, -4096, 8, 0))).contains("without a probe");
  }

  /** A store of 8 bytes whose probe of so many compares that many of T0 under a mask. */
  private void probed(HostAssembler b, int bytes, int mask, int compared, int displacement) {
    b.mov(8, R14, RBX);
    b.mov(8, R15, R14);
    b.shift(BitAssembler.SHR, 8, R15, 7);
    b.aluImmediate(IntegerAssembler.AND, 4, R15, (GoodBlocks.TLB_ENTRIES - 1) * GoodBlocks.ENTRY);
    b.aluImmediate(IntegerAssembler.ADD, 8, R14, bytes - 1);
    b.aluImmediate(IntegerAssembler.AND, 8, R14, mask);
    b.aluLoad(IntegerAssembler.CMP, compared, R14, HostMemory.at(RBP, R15, 0, GoodBlocks.TLB + 8));
    b.jccTo(HostCondition.NOT_EQUAL, BlockEmulator.EXIT);
    b.movLoad(8, R15, HostMemory.at(RBP, R15, 0, GoodBlocks.TLB + GoodBlocks.ADDEND));
    b.movStore(8, HostMemory.at(R15, RBX, 0, displacement), RAX);
  }

  @Test
  void aProbeForLoadsAllowsNoStore() {
    assertThat(
            verify(b -> {
              b.mov(8, R14, RBX);
              blocks.probe(GoodBlocks.READ_TAG, 8);
              b.movStore(8, HostMemory.at(R15, RBX, 0, 0), RAX);
            }))
        .contains("store without a probe");
  }

  @Test
  void aProbeEndsWhereOthersEnter() {
    assertThat(
            verify(b -> {
              int entry = b.newLabel();
              b.jcc(HostCondition.EQUAL, entry);
              b.mov(8, R14, RBX);
              blocks.probe(GoodBlocks.WRITE_TAG, 8);
              b.bind(entry);
              b.movStore(8, HostMemory.at(R15, RBX, 0, 0), RAX);
            }))
        .contains("unknown origin");
  }

  @Test
  void aProbeEndsWhenItsAddressChanges() {
    assertThat(
            verify(b -> {
              b.mov(8, R14, RBX);
              blocks.probe(GoodBlocks.WRITE_TAG, 8);
              b.aluImmediate(IntegerAssembler.ADD, 8, RBX, 1);
              b.movStore(8, HostMemory.at(R15, RBX, 0, 0), RAX);
            }))
        .contains("without a probe");
    assertThat(
            verify(b -> {
              b.mov(8, R14, RBX);
              blocks.probe(GoodBlocks.WRITE_TAG, 8);
              b.aluImmediate(IntegerAssembler.ADD, 8, RBX, 1);
              b.movStore(8, HostMemory.at(R15, RBX, 0, -1), RAX);
            }))
        .isNull();
  }

  @Test
  void anAddressOf32BitsIsNotTheOneOf64() {
    assertThat(
            verify(b -> {
              b.lea(4, R14, HostMemory.at(RBX, 4));
              blocks.probe(GoodBlocks.WRITE_TAG, 4);
              b.movStore(4, HostMemory.at(R15, RBX, 0, 4), RAX);
            }))
        .contains("without a probe");
  }

  @Test
  void anotherEntryThanTheAddressSelectsIsNotAProbe() {
    assertThat(
            verify(b -> {
              b.mov(8, R14, RBX);
              b.mov(8, R15, RCX);
              b.shift(BitAssembler.SHR, 8, R15, 7);
              int mask = (GoodBlocks.TLB_ENTRIES - 1) * GoodBlocks.ENTRY;
              b.aluImmediate(IntegerAssembler.AND, 4, R15, mask);
              b.aluImmediate(IntegerAssembler.ADD, 8, R14, 7);
              b.aluImmediate(IntegerAssembler.AND, 8, R14, -4096);
              b.aluLoad(
                  IntegerAssembler.CMP, 8, R14, HostMemory.at(RBP, R15, 0, GoodBlocks.TLB + 8));
              b.jccTo(HostCondition.NOT_EQUAL, BlockEmulator.EXIT);
              b.movLoad(8, R15, HostMemory.at(RBP, R15, 0, GoodBlocks.TLB + 16));
              b.movStore(8, HostMemory.at(R15, RBX, 0, 0), RAX);
            }))
        .contains("without a probe");
  }

  @Test
  void vectorsNeedTheirAlignmentChecked() {
    assertThat(
            verify(b -> {
              b.mov(8, R14, RBX);
              blocks.probe(GoodBlocks.WRITE_TAG, 16);
              long place = HostMemory.at(R15, RBX, 0, 0);
              b.sseMemory(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x29, 0, place);
            }))
        .contains("alignment not checked");
    long odd = HostMemory.at(RBP, StateLayout.VECTOR + 8);
    assertThat(verify(b -> b.sseMemory(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x29, 0, odd)))
        .contains("misaligned");
  }

  @Test
  void divisionsThatMayFaultAreRejected() {
    assertThat(verify(b -> b.unary(IntegerAssembler.DIV, 8, RBX))).contains("may fault");
    assertThat(verify(b -> b.unary(IntegerAssembler.IDIV, 4, RBX))).contains("may fault");
    assertThat(
            verify(b -> {
              b.alu(IntegerAssembler.CMP, 4, RDX, RBX);
              b.jccTo(HostCondition.ABOVE_EQUAL, BlockEmulator.EXIT);
              b.unary(IntegerAssembler.DIV, 8, RBX);
            }))
        .contains("may fault");
  }

  @Test
  void theStackMustBalance() {
    assertThat(verify(b -> b.push(RAX))).contains("stack");
    assertThat(verify(b -> b.pop(RAX))).contains("stack");
    assertThat(
            verify(b -> {
              rules.pushes(1);
              b.push(RAX);
            }))
        .contains("values on the stack");
    assertThat(
            verify(b -> {
              rules.pushes(1);
              b.push(RAX);
              b.popfq();
            }))
        .contains("stack");
    assertThat(verify(HostAssembler::ret)).contains("return");
  }

  @Test
  void rbpAndRspAreKept() {
    assertThat(verify(b -> b.mov(8, RBP, RAX))).contains("rbp or rsp");
    assertThat(verify(b -> b.xchg(8, RAX, RSP))).contains("rbp or rsp");
    assertThat(verify(b -> b.aluImmediate(IntegerAssembler.ADD, 1, RBP, 1))).contains("rbp or rsp");
    assertThat(verify(b -> b.shlx(8, RBP, RAX, RCX))).contains("rbp or rsp");
    assertThat(verify(b -> b.rorx(8, RSP, RAX, 7))).contains("rbp or rsp");
    assertThat(verify(b -> b.cmovcc(0, 4, RBP, RAX))).contains("rbp or rsp");
  }

  @Test
  void branchesGoToDeclaredPlaces() {
    assertThat(verify(b -> b.jmpTo(BlockEmulator.EXIT + 1))).contains("undeclared target");
    assertThat(verify(b -> b.callTo(BlockEmulator.EXIT))).contains("undeclared target");
    assertThat(verify(b -> b.jmpRegister(RAX))).contains("undeclared target");
    assertThat(verify(b -> b.jmpLoad(HostMemory.at(RBP, 8)))).contains("undeclared target");
    assertThat(verify(b -> b.jmpLoad(HostMemory.at(RBP, GoodBlocks.POINTERS + 4))))
        .contains("undeclared target");
    assertThat(
            verify(b -> {
              b.movLoad(8, RAX, HostMemory.at(RBP, GoodBlocks.POINTERS));
              b.jmpRegister(RAX);
            }))
        .isNull();
    // Into the immediate of the MOV behind it.
    byte[] code = {(byte) 0xeb, 1, (byte) 0xb8, 0, 0, 0, 0, (byte) 0xeb, (byte) 0xf7};
    rules.clear();
    assertThat(verifier.verify(code, code.length, 0, BlockEmulator.CODE, rules))
        .contains("middle of an instruction");
    byte[] open = {(byte) 0x90};
    assertThat(verifier.verify(open, 1, 0, BlockEmulator.CODE, rules)).contains("behind its end");
  }

  @Test
  void instructionsOutsideTheListAreRejected() {
    String[] forbidden = {
      "0f05",
      "cd80",
      "f4",
      "cc",
      "fd",
      "fa",
      "8ed8",
      "0f3005",
      "0fa2",
      "0f31",
      "f3480faed0",
      "660ff7c1",
      "0f0b",
      "cf",
      "6c",
      "648b00",
      "65488b00",
      "c8000000",
      "c9",
      "d7",
      "0f01f9",
      "d920",
      "dd20",
      "0f0018",
      "f3a6",
      "0fc7f0",
      "f30f1ec8",
      "f2c3",
      "66e900000000",
      "0f0d08"
    };
    for (String hex : forbidden) {
      byte[] bytes = HexFormat.of().parseHex(hex + "e900000000");
      rules.clear().returns().jump(BlockEmulator.CODE + bytes.length);
      assertThat(verifier.verify(bytes, bytes.length, 0, BlockEmulator.CODE, rules))
          .as(hex)
          .isNotNull();
    }
    byte[] fine = HexFormat.of().parseHex("90e900000000");
    rules.clear().jump(BlockEmulator.CODE + fine.length);
    assertThat(verifier.verify(fine, fine.length, 0, BlockEmulator.CODE, rules)).isNull();
  }
}
