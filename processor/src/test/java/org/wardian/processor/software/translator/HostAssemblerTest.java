package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every method against GNU as: the same instruction, never longer. */
class HostAssemblerTest {
  private static final int ROUNDS = 60;
  private static final String[] ALU = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
  private static final String[] SHIFTS = {"rol", "ror", "rcl", "rcr", "shl", "shr", "", "sar"};
  private static final String[] UNARY = {"", "", "not", "neg", "mul", "imul", "div", "idiv"};
  private static final String[] BITS = {"", "", "", "", "bt", "bts", "btr", "btc"};
  private static final String[] CC = {
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
  };
  private static final int[] IMMEDIATES = {0, 1, 2, 127, -128, 128, -129, 0x7fff_ffff, 0x1234, -1};

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(4);
  private final CodeMemory memory = CodeMemory.plain();
  private final HostAssembler a = memory.assembler;
  private final List<String> lines = new ArrayList<>();
  private final List<Integer> offsets = new ArrayList<>();

  @AfterEach
  void close() {
    memory.close();
  }

  private void line(String text) {
    lines.add(text);
    offsets.add(a.offset());
  }

  private int size(int... sizes) {
    return sizes[random.nextInt(sizes.length)];
  }

  private int any() {
    return random.nextInt(16);
  }

  /** A register, of bytes now and then a high one where no REX is needed. */
  private int low(int size) {
    return size == 1 && random.nextInt(6) == 0 ? 16 + random.nextInt(4) : any();
  }

  private static String r(int size, int register) {
    return OperandText.register(size, register);
  }

  private static String m(int size, long memory) {
    return OperandText.memory(size, memory);
  }

  private void compare() throws Exception {
    assumeTrue(GnuTools.arePresent(), "GNU binutils for x86-64");
    List<GnuTools.Line> theirs = GnuTools.assemble(lines);
    List<GnuTools.Line> ours = GnuTools.disassemble(memory.bytes());
    assertThat(theirs).hasSameSizeAs(lines);
    int their = 0;
    offsets.add(a.offset());
    for (int i = 0; i < Math.min(ours.size(), lines.size()); i++) {
      GnuTools.Line line = ours.get(i);
      assertThat(line.offset()).as("start of %s", lines.get(i)).isEqualTo(offsets.get(i));
      assertThat(line.text()).as(lines.get(i)).isEqualTo(theirs.get(i).text());
      assertThat(line.length()).as(lines.get(i)).isLessThanOrEqualTo(theirs.get(i).length());
      their += theirs.get(i).length();
    }
    assertThat(ours).hasSameSizeAs(lines);
    assertThat(a.offset()).isLessThanOrEqualTo(their);
  }

  @Test
  void arithmeticAndMoves() throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      for (int op = 0; op < 8; op++) {
        alu(op);
      }
      moves();
      unary();
    }
    compare();
  }

  private void alu(int op) {
    int size = size(1, 2, 4, 8);
    int x = any();
    int y = any();
    long m = OperandText.memory(random);
    int value = IMMEDIATES[random.nextInt(IMMEDIATES.length)];
    int seen = size == 1 ? (byte) value : size == 2 ? (short) value : value;
    line(ALU[op] + " " + r(size, x) + "," + r(size, y));
    a.alu(op, size, x, y);
    line(ALU[op] + " " + r(size, x) + "," + m(size, m));
    a.aluLoad(op, size, x, m);
    line(ALU[op] + " " + m(size, m) + "," + r(size, y));
    a.aluStore(op, size, m, y);
    int z = low(size);
    line(ALU[op] + " " + r(size, z) + "," + seen);
    a.aluImmediate(op, size, z, value);
    line(ALU[op] + " " + m(size, m) + "," + seen);
    a.aluStoreImmediate(op, size, m, value);
  }

  private void moves() {
    int size = size(1, 2, 4, 8);
    int wide = size(2, 4, 8);
    int small = size(1, 2);
    int x = any();
    int y = any();
    int condition = any();
    long m = OperandText.memory(random);
    int value = IMMEDIATES[random.nextInt(IMMEDIATES.length)];
    int seen = size == 1 ? (byte) value : size == 2 ? (short) value : value;
    line("mov " + r(size, x) + "," + r(size, y));
    a.mov(size, x, y);
    line("mov " + r(size, x) + "," + m(size, m));
    a.movLoad(size, x, m);
    line("mov " + m(size, m) + "," + r(size, y));
    a.movStore(size, m, y);
    int z = low(size);
    if (size < 8) {
      line("mov " + r(size, z) + "," + seen);
      a.movImmediate(size, z, value);
    } else {
      line(value >= 0 ? "mov " + r(4, z) + "," + value : "mov " + r(8, z) + "," + value);
      a.movImmediate(8, z, value);
      long large = random.nextLong() | 1L << 62;
      line("movabs " + r(8, z) + "," + large);
      a.movImmediate(8, z, large);
      line("mov " + r(4, z) + ",0xfedcba98");
      a.movImmediate(8, z, 0xfedcba98L);
    }
    line("mov " + m(size, m) + "," + seen);
    a.movStoreImmediate(size, m, value);
    // Zero-extension to 8 bytes is that to 4.
    int extended = size(4, 8);
    line("movzx " + r(4, x) + "," + r(small, y));
    a.movzx(extended, x, small, y);
    line("movzx " + r(4, x) + "," + m(small, m));
    a.movzxLoad(extended, x, small, m);
    line("movzx " + r(2, x) + "," + r(1, y));
    a.movzx(2, x, 1, y);
    line("mov " + r(4, x) + "," + r(4, y));
    a.movzx(8, x, 4, y);
    line("mov " + r(4, x) + "," + m(4, m));
    a.movzxLoad(8, x, 4, m);
    line("movsx " + r(extended, x) + "," + r(small, y));
    a.movsx(extended, x, small, y);
    line("movsx " + r(extended, x) + "," + m(small, m));
    a.movsxLoad(extended, x, small, m);
    line("movsxd " + r(8, x) + "," + r(4, y));
    a.movsx(8, x, 4, y);
    line("movsxd " + r(8, x) + "," + m(4, m));
    a.movsxLoad(8, x, 4, m);
    line("lea " + r(wide, x) + "," + m(0, m));
    a.lea(wide, x, m);
    line("xchg " + r(size, x) + "," + r(size, y));
    a.xchg(size, x, y);
    line("xchg " + m(size, m) + "," + r(size, y));
    a.xchgStore(size, m, y);
    line("cmov" + CC[condition] + " " + r(wide, x) + "," + r(wide, y));
    a.cmovcc(condition, wide, x, y);
    line("cmov" + CC[condition] + " " + r(wide, x) + "," + m(wide, m));
    a.cmovccLoad(condition, wide, x, m);
    line("set" + CC[condition] + " " + r(1, low(1)));
    a.setcc(condition, lastByteRegister());
    line("set" + CC[condition] + " " + m(1, m));
    a.setccStore(condition, m);
    line("push " + r(8, x));
    a.push(x);
    line("pop " + r(8, y));
    a.pop(y);
    line("push " + m(8, m));
    a.pushLoad(m);
    line("pop " + m(8, m));
    a.popStore(m);
    line("push " + value);
    a.pushImmediate(value);
  }

  /** The register that the last line names. */
  private int lastByteRegister() {
    String name = lines.getLast().substring(lines.getLast().indexOf(' ') + 1);
    for (int i = 0; i < 20; i++) {
      if (r(1, i).equals(name)) {
        return i;
      }
    }
    throw new AssertionError(name);
  }

  private void unary() {
    int size = size(1, 2, 4, 8);
    int wide = size(2, 4, 8);
    int x = any();
    int y = any();
    int value = IMMEDIATES[random.nextInt(IMMEDIATES.length)];
    int seen = wide == 2 ? (short) value : value;
    int tested = size == 1 ? (byte) value : size == 2 ? (short) value : value;
    int op = 2 + random.nextInt(6);
    long m = OperandText.memory(random);
    line(UNARY[op] + " " + r(size, x));
    a.unary(op, size, x);
    line(UNARY[op] + " " + m(size, m));
    a.unaryStore(op, size, m);
    line("inc " + r(size, x));
    a.inc(size, x);
    line("dec " + r(size, y));
    a.dec(size, y);
    line("inc " + m(size, m));
    a.incStore(size, m);
    line("dec " + m(size, m));
    a.decStore(size, m);
    line("imul " + r(wide, x) + "," + r(wide, y));
    a.imul(wide, x, y);
    line("imul " + r(wide, x) + "," + m(wide, m));
    a.imulLoad(wide, x, m);
    line("imul " + r(wide, x) + "," + r(wide, y) + "," + seen);
    a.imulImmediate(wide, x, y, value);
    line("imul " + r(wide, x) + "," + m(wide, m) + "," + seen);
    a.imulLoadImmediate(wide, x, m, value);
    line("test " + r(size, x) + "," + r(size, y));
    a.test(size, x, y);
    line("test " + m(size, m) + "," + r(size, y));
    a.testStore(size, m, y);
    line("test " + r(size, x) + "," + tested);
    a.testImmediate(size, x, value);
    line("test " + m(size, m) + "," + tested);
    a.testStoreImmediate(size, m, value);
    line("lock cmpxchg " + m(size, m) + "," + r(size, y));
    a.lock();
    a.cmpxchgStore(size, m, y);
    line("cmpxchg " + r(size, x) + "," + r(size, y));
    a.cmpxchg(size, x, y);
    line("lock xadd " + m(size, m) + "," + r(size, y));
    a.lock();
    a.xaddStore(size, m, y);
    line("xadd " + r(size, x) + "," + r(size, y));
    a.xadd(size, x, y);
    line("lock cmpxchg8b " + m(8, m));
    a.lock();
    a.cmpxchg8b(m);
    line("cmpxchg16b " + m(16, m));
    a.cmpxchg16b(m);
  }

  @Test
  void bitsAndShifts() throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      for (int op : new int[] {0, 1, 2, 3, 4, 5, 7}) {
        shift(op);
      }
      for (int op = 4; op < 8; op++) {
        bit(op);
      }
      others();
    }
    compare();
  }

  private void shift(int op) {
    int size = size(1, 2, 4, 8);
    int x = low(size);
    int count = random.nextInt(1, 64);
    long m = OperandText.memory(random);
    line(SHIFTS[op] + " " + r(size, x) + "," + count);
    a.shift(op, size, x, count);
    line(SHIFTS[op] + " " + m(size, m) + "," + count);
    a.shiftStore(op, size, m, count);
    line(SHIFTS[op] + " " + r(size, x) + ",cl");
    a.shiftCl(op, size, x);
    line(SHIFTS[op] + " " + m(size, m) + ",cl");
    a.shiftClStore(op, size, m);
  }

  private void bit(int op) {
    int wide = size(2, 4, 8);
    int x = any();
    int y = any();
    int index = random.nextInt(64);
    long m = OperandText.memory(random);
    line(BITS[op] + " " + r(wide, x) + "," + r(wide, y));
    a.bit(op, wide, x, y);
    line(BITS[op] + " " + m(wide, m) + "," + r(wide, y));
    a.bitStore(op, wide, m, y);
    line(BITS[op] + " " + r(wide, x) + "," + index);
    a.bitImmediate(op, wide, x, index);
    line(BITS[op] + " " + m(wide, m) + "," + index);
    a.bitStoreImmediate(op, wide, m, index);
  }

  private void others() {
    int wide = size(2, 4, 8);
    int large = size(4, 8);
    int x = any();
    int y = any();
    int z = any();
    int count = random.nextInt(1, 64);
    long m = OperandText.memory(random);
    String xy = r(wide, x) + "," + r(wide, y);
    String xm = r(wide, x) + "," + m(wide, m);
    String my = m(wide, m) + "," + r(wide, y);
    line("shld " + xy + "," + count);
    a.shld(wide, x, y, count);
    line("shld " + my + "," + count);
    a.shldStore(wide, m, y, count);
    line("shld " + xy + ",cl");
    a.shldCl(wide, x, y);
    line("shld " + my + ",cl");
    a.shldClStore(wide, m, y);
    line("shrd " + xy + "," + count);
    a.shrd(wide, x, y, count);
    line("shrd " + my + "," + count);
    a.shrdStore(wide, m, y, count);
    line("shrd " + xy + ",cl");
    a.shrdCl(wide, x, y);
    line("shrd " + my + ",cl");
    a.shrdClStore(wide, m, y);
    line("bsf " + xy);
    a.bsf(wide, x, y);
    line("bsf " + xm);
    a.bsfLoad(wide, x, m);
    line("bsr " + xy);
    a.bsr(wide, x, y);
    line("bsr " + xm);
    a.bsrLoad(wide, x, m);
    line("popcnt " + xy);
    a.popcnt(wide, x, y);
    line("popcnt " + xm);
    a.popcntLoad(wide, x, m);
    line("bswap " + r(large, x));
    a.bswap(large, x);
    String xyz = r(large, x) + "," + r(large, y) + "," + r(large, z);
    String xmz = r(large, x) + "," + m(large, m) + "," + r(large, z);
    line("shlx " + xyz);
    a.shlx(large, x, y, z);
    line("shrx " + xyz);
    a.shrx(large, x, y, z);
    line("sarx " + xyz);
    a.sarx(large, x, y, z);
    line("rorx " + r(large, x) + "," + r(large, y) + "," + count);
    a.rorx(large, x, y, count);
    line("shlx " + xmz);
    a.shlxLoad(large, x, m, z);
    line("shrx " + xmz);
    a.shrxLoad(large, x, m, z);
    line("sarx " + xmz);
    a.sarxLoad(large, x, m, z);
    line("rorx " + r(large, x) + "," + m(large, m) + "," + count);
    a.rorxLoad(large, x, m, count);
  }

  @Test
  void vectorAndX87() throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      int x = any();
      int y = any();
      long m = OperandText.memory(random);
      String xy = "xmm" + x + ",xmm" + y;
      line("addps " + xy);
      a.sse(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x58, x, y);
      line("mulsd xmm" + x + "," + m(8, m));
      a.sseMemory(HostAssembler.PF2, HostAssembler.M0F, 0x59, x, m);
      line("movdqu " + m(16, m) + ",xmm" + x);
      a.sseMemory(HostAssembler.PF3, HostAssembler.M0F, 0x7f, x, m);
      line("pshufb " + xy);
      a.sse(HostAssembler.P66, HostAssembler.M0F38, 0x00, x, y);
      line("pextrq " + r(8, y) + ",xmm" + x + ",1");
      a.sseWide(HostAssembler.P66, HostAssembler.M0F3A, 0x16, x, y);
      a.put8(1);
      line("cvtsi2sd xmm" + x + "," + m(8, m));
      a.sseMemoryWide(HostAssembler.PF2, HostAssembler.M0F, 0x2a, x, m);
      line("pshufd " + xy + ",27");
      a.sseImmediate(HostAssembler.P66, HostAssembler.M0F, 0x70, x, y, 27);
      line("palignr xmm" + x + "," + m(16, m) + ",3");
      a.sseMemoryImmediate(HostAssembler.P66, HostAssembler.M0F3A, 0x0f, x, m, 3);
      line("paddb mm" + (x & 7) + ",mm" + (y & 7));
      a.sse(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0xfc, x & 7, y & 7);
      line("fadd st,st(" + (x & 7) + ")");
      a.x87(0xd8, 0xc0 | x & 7);
      line("fstp " + m(10, m));
      a.x87Memory(0xdb, 7, m);
      line("ldmxcsr " + m(4, m));
      a.ldmxcsr(m);
      line("stmxcsr " + m(4, m));
      a.stmxcsr(m);
      line("fxsave64 " + m(0, m));
      a.fxsave(true, m);
      line("fxrstor " + m(0, m));
      a.fxrstor(false, m);
      line("fldcw " + m(2, m));
      a.fldcw(m);
      line("fnstcw " + m(2, m));
      a.fnstcw(m);
      line("fnstsw " + m(2, m));
      a.fnstsw(m);
      line("jmp " + m(8, m));
      a.jmpLoad(m);
      line("call " + m(8, m));
      a.callLoad(m);
      line("jmp " + r(8, x));
      a.jmpRegister(x);
      line("call " + r(8, y));
      a.callRegister(y);
    }
    compare();
  }

  @Test
  void instructionsWithoutOperands() throws Exception {
    line("cbw");
    a.extendAccumulator(2);
    line("cwde");
    a.extendAccumulator(4);
    line("cdqe");
    a.extendAccumulator(8);
    line("cwd");
    a.extendToData(2);
    line("cdq");
    a.extendToData(4);
    line("cqo");
    a.extendToData(8);
    line("pushfq");
    a.pushfq();
    line("popfq");
    a.popfq();
    line("lahf");
    a.lahf();
    line("sahf");
    a.sahf();
    line("clc");
    a.clc();
    line("stc");
    a.stc();
    line("cmc");
    a.cmc();
    line("ret");
    a.ret();
    line("ud2");
    a.ud2();
    line("pause");
    a.pause();
    line("lfence");
    a.lfence();
    line("mfence");
    a.mfence();
    line("sfence");
    a.sfence();
    line("rep movsb");
    a.rep();
    a.movs(1);
    line("rep movsq");
    a.rep();
    a.movs(8);
    line("rep stosd");
    a.rep();
    a.stos(4);
    line("stosw");
    a.stos(2);
    line("nop");
    a.nop(1);
    compare();
  }

  @Test
  void paddingIsOneInstructionUpToNineBytes() throws Exception {
    assumeTrue(GnuTools.arePresent(), "GNU binutils for x86-64");
    for (int length = 1; length <= 9; length++) {
      memory.start();
      a.nop(length);
      List<GnuTools.Line> listing = GnuTools.disassemble(memory.bytes());
      assertThat(listing).hasSize(1);
      assertThat(listing.getFirst().length()).isEqualTo(length);
      assertThat(listing.getFirst().text()).containsAnyOf("nop", "xchg ax,ax");
    }
  }

  @Test
  void whatCannotBeEncodedIsRefused() {
    assertThatThrownBy(() -> a.alu(IntegerAssembler.ADD, 1, HostRegister.AH, HostRegister.RSI))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.mov(1, HostRegister.R8, HostRegister.BH))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.mov(4, HostRegister.AH, HostRegister.RAX))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.movLoad(1, HostRegister.CH, HostMemory.at(HostRegister.R9, 0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HostMemory.at(HostRegister.RAX, HostRegister.RSP, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.jmpTo(a.address() + (1L << 32)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFullBufferIsReported() {
    a.start(memory.address(), 64, memory.address());
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 64; i++) {
                a.movImmediate(8, HostRegister.RAX, Long.MIN_VALUE);
              }
            })
        .isInstanceOf(CodeBufferFullException.class);
    assertThat(a.offset()).isLessThanOrEqualTo(64);
  }

  @Test
  void jumpsTakeTheirShortFormWhereItIsKnownToReach() {
    int back = a.here();
    a.jmp(back);
    assertThat(a.offset()).isEqualTo(2);
    a.jcc(HostCondition.EQUAL, back);
    assertThat(a.offset()).isEqualTo(4);
    a.nop(130);
    a.jmp(back);
    a.jcc(HostCondition.EQUAL, back);
    assertThat(a.offset()).isEqualTo(4 + 130 + 5 + 6);
    int far = a.newLabel();
    a.jccShort(HostCondition.ABOVE, far);
    a.nop(128);
    assertThat(a.hasOpenLabels()).isTrue();
    assertThatThrownBy(() -> a.bind(far)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void displacementsOfPatchableJumpsLieInOneQuadword() {
    for (int i = 0; i < 16; i++) {
      memory.start();
      a.nop(i);
      int jump = a.jmpPatchable(a.address());
      a.nop(i);
      int conditional = a.jccPatchable(HostCondition.LESS, a.address());
      assertThat((memory.address() + jump) & 7).isLessThanOrEqualTo(4);
      assertThat((memory.address() + conditional) & 7).isLessThanOrEqualTo(4);
    }
    assertThatThrownBy(() -> HostAssembler.patch(memory.address(), memory.address() + 6, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
