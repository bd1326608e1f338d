package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/** The short decoder agrees with the whole one wherever it says anything. */
class CommonDecoderTest {
  private static final int ITERATIONS = 10 * Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int BYTES = 32;

  private final Decoder decoder = new Decoder(CpuModel.everything());
  private final Instruction whole = new Instruction();
  private final Instruction common = new Instruction();

  @Test
  void itSaysWhatTheWholeDecoderSays() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(11);
    byte[] code = new byte[BYTES];
    int decoded = 0;
    for (int n = 0; n < ITERATIONS; n++) {
      random.nextBytes(code);
      if (n % 3 != 0) {
        code[0] = (byte) (0x40 | random.nextInt(16));
      }
      int end = n % 4 == 0 ? random.nextInt(16) : BYTES;
      boolean brief = n % 2 == 0;
      int kind = CommonDecoder.decode(code, 0, end, brief, common);
      if (kind != CommonDecoder.NOT_COMMON) {
        decoded++;
        String text = HexFormat.of().formatHex(code, 0, 16);
        assertThat(decoder.decode(code, 0, end, 8, whole)).as(text).isEqualTo(Decoder.OK);
        compareOperands(text);
        if (!brief || kind == CommonDecoder.ANOTHER) {
          compareRest(text);
        }
      }
    }
    assertThat(decoded).isGreaterThan(ITERATIONS / 50);
  }

  private void compareOperands(String text) {
    assertThat(common.length).as(text).isEqualTo(whole.length);
    assertThat(common.kind0).as(text).isEqualTo(whole.kind0);
    assertThat(common.kind1).as(text).isEqualTo(whole.kind1);
    if (whole.kind0 != Instruction.NONE) {
      assertThat(common.size0).as(text).isEqualTo(whole.size0);
    }
    if (whole.kind1 != Instruction.NONE) {
      assertThat(common.size1).as(text).isEqualTo(whole.size1);
    }
    if (whole.kind0 == Instruction.REGISTER) {
      assertThat(common.reg0).as(text).isEqualTo(whole.reg0);
    }
    if (whole.kind1 == Instruction.REGISTER) {
      assertThat(common.reg1).as(text).isEqualTo(whole.reg1);
    }
    boolean number = whole.kind1 == Instruction.IMMEDIATE || whole.kind0 == Instruction.RELATIVE;
    if (number) {
      assertThat(common.immediate).as(text).isEqualTo(whole.immediate);
    }
    assertThat(common.base).as(text).isEqualTo(whole.base);
    assertThat(common.index).as(text).isEqualTo(whole.index);
    assertThat(common.scale).as(text).isEqualTo(whole.scale);
    assertThat(common.displacement).as(text).isEqualTo(whole.displacement);
  }

  private void compareRest(String text) {
    assertThat(common.form).as(text).isSameAs(whole.form);
    assertThat(common.operation).as(text).isEqualTo(whole.operation);
    assertThat(common.operandSize).as(text).isEqualTo(whole.operandSize);
    assertThat(common.addressSize).as(text).isEqualTo(whole.addressSize);
    assertThat(common.operands).as(text).isEqualTo(whole.operands);
    assertThat(common.kind2).as(text).isEqualTo(whole.kind2);
    assertThat(common.segment).as(text).isEqualTo(whole.segment);
    assertThat(common.segmentOverride).as(text).isEqualTo(whole.segmentOverride);
    assertThat(common.lock | common.rep | common.repne).as(text).isFalse();
    assertThat(whole.lock | whole.rep | whole.repne).as(text).isFalse();
    if (whole.form.toString().contains("+cc")) {
      assertThat(common.condition).as(text).isEqualTo(whole.condition);
    }
  }
}
