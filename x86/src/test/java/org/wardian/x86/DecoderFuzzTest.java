package org.wardian.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arbitrary bytes: the decoder answers, and its answers agree with one another. */
class DecoderFuzzTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final Instruction instruction = new Instruction();
  private final byte[] code = new byte[20];

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void randomBytes(int codeSize) {
    SplittableRandom random = new SplittableRandom(codeSize);
    for (int i = 0; i < ITERATIONS; i++) {
      random.nextBytes(code);
      // Half of the cases in the two-byte map, where the holes are.
      if (random.nextBoolean()) {
        code[random.nextInt(3)] = 0x0f;
      }
      check(codeSize);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void mutatedInstructions(int codeSize) {
    SplittableRandom random = new SplittableRandom(codeSize);
    FormSampler sampler = new FormSampler();
    for (int i = 0; i < ITERATIONS; i++) {
      Form form = InstructionTable.form(random.nextInt(InstructionTable.forms().size()));
      if (!form.validIn(codeSize)) {
        continue;
      }
      byte[] sample = sampler.sample(form, random, codeSize);
      random.nextBytes(code);
      System.arraycopy(sample, 0, code, 0, sample.length);
      code[random.nextInt(sample.length)] ^= (byte) (1 << random.nextInt(8));
      check(codeSize);
    }
  }

  private void check(int codeSize) {
    int result = decoder.decode(code, 0, code.length, codeSize, instruction);
    if (result != Decoder.OK) {
      assertThat(result).isIn(Decoder.INVALID, Decoder.TOO_LONG);
      return;
    }
    int length = instruction.length;
    Form form = instruction.form;
    assertThat(length).isBetween(1, Decoder.MAX_LENGTH);
    assertThat(form.validIn(codeSize)).isTrue();
    assertThat(CpuModel.standard().has(form)).isTrue();
    assertThat(instruction.base).isBetween(0, 17);
    assertThat(instruction.index).isBetween(0, 16);
    assertThat(instruction.segment).isBetween(0, StateLayout.NO_SEGMENT);
    String text = Disassembler.text(instruction, 0);
    assertThat(text).isNotBlank();
    assertThat(decoder.decode(code, 0, length, codeSize, instruction)).isEqualTo(Decoder.OK);
    assertThat(instruction.form).isSameAs(form);
    assertThat(Disassembler.text(instruction, 0)).isEqualTo(text);
    assertThat(decoder.decode(code, 0, length - 1, codeSize, instruction))
        .isEqualTo(Decoder.TRUNCATED);
  }
}
