package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.FormSampler;
import org.wardian.x86.Instruction;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/** Copies of random encodings of every form, read back by our decoder and by objdump. */
class InstructionCopierTest {
  private static final int SAMPLES = 12;
  private static final int SLOT = 32;
  private static final byte[] SAME = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

  /** The translator's: guest RSP in R10, RBP in R11; the displaced ones in temporaries. */
  private static final byte[] MOVED = {0, 1, 2, 3, 10, 11, 6, 7, 8, 9, 14, 15, 12, 13, 14, 15};

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
  private final FormSampler sampler = new FormSampler();
  private final Decoder decoder = new Decoder(CpuModel.everything());
  private final CodeMemory memory = CodeMemory.plain();
  private final InstructionCopier copier = new InstructionCopier(memory.assembler);
  private final Instruction guest = new Instruction();
  private final Instruction host = new Instruction();

  @AfterEach
  void close() {
    memory.close();
  }

  private static List<Form> copyable(int codeSize) {
    List<Form> forms = new ArrayList<>();
    for (Form form : InstructionTable.forms()) {
      if (form.validIn(codeSize) && InstructionCopier.isCopyable(form)) {
        forms.add(form);
      }
    }
    return forms;
  }

  private byte[] decodeSample(Form form, int codeSize, boolean decorated) {
    byte[] code = sampler.sample(form, random, codeSize, decorated);
    assertThat(decoder.decode(code, 0, code.length, codeSize, guest)).isEqualTo(Decoder.OK);
    return code;
  }

  private static long memoryOf(Instruction in) {
    int displacement = (int) in.displacement;
    if (in.base >= 16) {
      return in.index >= 16
          ? HostMemory.absolute(displacement)
          : HostMemory.indexed(in.index, in.scale, displacement);
    }
    return in.index >= 16
        ? HostMemory.at(in.base, displacement)
        : HostMemory.at(in.base, in.index, in.scale, displacement);
  }

  @Test
  void copiesToTheSameRegistersReadTheSame() throws Exception {
    assumeTrue(GnuTools.arePresent(), "GNU binutils for x86-64");
    ByteArrayOutputStream originals = new ByteArrayOutputStream();
    ByteArrayOutputStream copies = new ByteArrayOutputStream();
    for (Form form : copyable(8)) {
      for (int i = 0; i < SAMPLES; i++) {
        byte[] code = decodeSample(form, 8, false);
        boolean absolute = guest.base > 15 && guest.hasMemory();
        if (absolute || guest.index < 16 && guest.scale == 0) {
          continue;
        }
        memory.start();
        copier.copy(guest, SAME, memoryOf(guest));
        assertThat(memory.assembler.offset()).as("%s", form).isLessThanOrEqualTo(code.length);
        append(originals, code);
        append(copies, memory.bytes());
      }
    }
    Map<Integer, String> expected = texts(originals);
    Map<Integer, String> copied = texts(copies);
    assertThat(expected).hasSizeGreaterThan(4000);
    int known = 0;
    for (int slot : expected.keySet()) {
      // objdump does not know some aliases.
      if (!expected.get(slot).contains("(bad)")) {
        assertThat(normal(copied.get(slot))).isEqualTo(normal(expected.get(slot)));
        known++;
      }
    }
    assertThat(known).isGreaterThan(expected.size() * 95 / 100);
  }

  /** Fills up with NOPs, so that the listing never loses its way. */
  private static void append(ByteArrayOutputStream all, byte[] code) {
    byte[] slot = new byte[SLOT];
    Arrays.fill(slot, (byte) 0x90);
    System.arraycopy(code, 0, slot, 0, code.length);
    all.writeBytes(slot);
  }

  private static Map<Integer, String> texts(ByteArrayOutputStream all) throws IOException {
    Map<Integer, String> texts = new TreeMap<>();
    for (GnuTools.Line line : GnuTools.disassemble(all.toByteArray())) {
      if (line.offset() % SLOT == 0) {
        texts.put(line.offset(), line.text());
      }
    }
    return texts;
  }

  /** A SIB byte without index and a displacement of zero are spelt out where they are encoded. */
  private static String normal(String text) {
    return text.replaceAll("[+-]0x0\\]", "]").replaceAll("\\+riz\\*[1248]", "");
  }

  @Test
  void copiesToOtherRegistersDecodeToThem() {
    for (int codeSize : new int[] {8, 4, 2}) {
      for (Form form : copyable(codeSize)) {
        for (int i = 0; i < SAMPLES; i++) {
          decodeSample(form, codeSize, true);
          copyAndCompare(codeSize);
        }
      }
    }
  }

  private void copyAndCompare(int codeSize) {
    memory.start();
    long operand = HostMemory.at(HostRegister.R15, 0x40);
    try {
      copier.copy(guest, MOVED, operand);
    } catch (IllegalArgumentException e) {
      // A high byte next to a register that needs REX, the only obstacle with this map.
      assertThat(highBytes()).as("%s %s", guest.form, e.getMessage()).isTrue();
      return;
    }
    byte[] copy = memory.bytes();
    int result = decoder.decode(copy, 0, copy.length, 8, host);
    assertThat(result).as("%s in %d", guest.form, codeSize).isEqualTo(Decoder.OK);
    assertThat(host.length).isEqualTo(copy.length);
    assertThat(host.form.operation()).as("%s", guest.form).isEqualTo(guest.form.operation());
    assertThat(host.condition).isEqualTo(guest.condition);
    assertThat(host.lock).isEqualTo(guest.lock);
    assertThat(host.rep || host.repne || host.segmentOverride).isFalse();
    assertThat(host.operands).isEqualTo(guest.operands);
    compare(guest.kind0, guest.reg0, guest.size0, host.kind0, host.reg0, host.size0);
    compare(guest.kind1, guest.reg1, guest.size1, host.kind1, host.reg1, host.size1);
    compare(guest.kind2, guest.reg2, guest.size2, host.kind2, host.reg2, host.size2);
    if (guest.hasMemory()) {
      assertThat(host.base).isEqualTo(HostRegister.R15);
      assertThat(host.displacement).isEqualTo(0x40);
    }
  }

  private boolean highBytes() {
    return guest.kind0 == Instruction.HIGH_BYTE || guest.kind1 == Instruction.HIGH_BYTE;
  }

  private void compare(int kind, int reg, int size, int hostKind, int hostReg, int hostSize) {
    assertThat(hostKind).as("kind in %s", guest.form).isEqualTo(kind);
    if (kind == Instruction.NONE) {
      return;
    }
    // LEA's and NOP's memory has no size.
    assertThat(hostSize).as("size in %s", guest.form).isEqualTo(size);
    switch (kind) {
      case Instruction.REGISTER -> assertThat(hostReg).isEqualTo(MOVED[reg]);
      case Instruction.HIGH_BYTE, Instruction.XMM, Instruction.MMX, Instruction.ST ->
          assertThat(hostReg).isEqualTo(reg);
      case Instruction.IMMEDIATE, Instruction.CONSTANT ->
          assertThat(masked(host.immediate, size)).isEqualTo(masked(guest.immediate, size));
      default -> assertThat(kind).isEqualTo(Instruction.MEMORY);
    }
  }

  private static long masked(long value, int size) {
    return size == 0 || size >= 8 ? value : value & (1L << 8 * size) - 1;
  }

  @Test
  void aRegisterOperandCanBecomeMemory() {
    // add eax, r10d with R10 in the state block; mov r11, 5 with R11 there; xchg r10, rax.
    byte[][] codes = {
      {0x44, 0x01, (byte) 0xd0},
      {0x44, 0x03, (byte) 0xd0},
      {0x41, (byte) 0xbb, 5, 0, 0, 0},
      {0x49, (byte) 0x92},
      {0x49, (byte) 0xff, (byte) 0xc2},
    };
    byte[] hosts = SAME.clone();
    hosts[10] = HostRegister.IN_MEMORY;
    hosts[11] = HostRegister.IN_MEMORY;
    long place = HostMemory.at(HostRegister.RBP, 0x50);
    boolean[] possible = {false, false, true, true, true};
    for (int i = 0; i < codes.length; i++) {
      decoder.decode(codes[i], 0, codes[i].length, 8, guest);
      memory.start();
      if (!possible[i]) {
        assertThatThrownBy(() -> copier.copy(guest, hosts, place))
            .as("ModRM.reg in memory")
            .isInstanceOf(IllegalArgumentException.class);
        continue;
      }
      copier.copy(guest, hosts, place);
      byte[] copy = memory.bytes();
      assertThat(decoder.decode(copy, 0, copy.length, 8, host)).isEqualTo(Decoder.OK);
      assertThat(host.kind0).isEqualTo(Instruction.MEMORY);
      assertThat(host.form.operation()).isEqualTo(guest.form.operation());
      assertThat(host.base).isEqualTo(HostRegister.RBP);
    }
  }

  @Test
  void branchesStackStringsAndPrivilegedInstructionsAreNotCopied() {
    for (Form form : InstructionTable.forms()) {
      Operation operation = form.operation();
      boolean never =
          form.privileged()
              || form.repeatable()
              || switch (operation) {
                case PUSH, POP, PUSHF, POPF, CALL, RET, JMP, JCC, ENTER, LEAVE, LOOP, XLAT -> true;
                case INT, INT3, SYSCALL, CPUID, RDTSC, IN, OUT, STD, CLD, STI, CLI -> true;
                case MASKMOVQ, MASKMOVDQU, FLDCW, LDMXCSR, FXRSTOR, FRSTOR, WRFSBASE -> true;
                default -> false;
              };
      if (never) {
        assertThat(InstructionCopier.isCopyable(form)).as("%s", form).isFalse();
      }
    }
    assertThat(copyable(8)).hasSizeGreaterThan(600);
  }
}
