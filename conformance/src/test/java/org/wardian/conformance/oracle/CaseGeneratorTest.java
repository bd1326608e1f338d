package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.Instruction;
import org.wardian.x86.InstructionTable;

class CaseGeneratorTest {
  private static final CpuModel MODEL = CpuModel.standard();

  @Test
  void everyFormHasCasesOrIsListedWithWhoTestsItInstead() {
    for (Form form : InstructionTable.forms()) {
      Optional<Coverage.Exclusion> exclusion = Coverage.exclusion(form);
      assertThat(Coverage.forms(MODEL).contains(form))
          .as(form.toString())
          .isEqualTo(exclusion.isEmpty() && MODEL.has(form));
      exclusion.ifPresent(e -> {
        assertThat(e.reason()).isNotBlank();
        assertThat(e.coveredBy()).isNotBlank();
      });
    }
  }

  @Test
  void everyFormsCasesAreFoundAndDecodeToIt() {
    CaseGenerator generator = new CaseGenerator(3, MODEL);
    Decoder decoder = new Decoder(MODEL);
    Instruction instruction = new Instruction();
    for (Form form : Coverage.forms(MODEL)) {
      for (int codeSize : new int[] {2, 4, 8}) {
        if (!form.validIn(codeSize)) {
          continue;
        }
        for (int i = 0; i < 5; i++) {
          OracleCase one = generator.next(form, codeSize).orElseThrow();
          byte[] bytes = one.instruction();
          assertThat(decoder.decode(bytes, 0, bytes.length, codeSize, instruction)).isZero();
          assertThat(instruction.form).isSameAs(form);
          assertThat(instruction.length).isEqualTo(bytes.length);
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameCases() {
    CaseGenerator a = new CaseGenerator(9, MODEL);
    CaseGenerator b = new CaseGenerator(9, MODEL);
    CaseState first = new CaseState();
    CaseState second = new CaseState();
    for (Form form : Coverage.forms(MODEL).subList(0, 50)) {
      OracleCase x = a.next(form, 4).orElse(null);
      OracleCase y = b.next(form, 4).orElse(null);
      if (x == null || y == null) {
        assertThat(x).isEqualTo(y);
        continue;
      }
      assertThat(x.instruction()).isEqualTo(y.instruction());
      x.materialize(first);
      y.materialize(second);
      assertThat(OracleCase.fingerprint(first)).isEqualTo(OracleCase.fingerprint(second));
    }
  }

  @Test
  void mostMemoryOperandsOf64BitCodeLieInTheWindow() {
    CaseGenerator generator = new CaseGenerator(5, MODEL);
    Decoder decoder = new Decoder(MODEL);
    Instruction instruction = new Instruction();
    CaseState state = new CaseState();
    int memory = 0;
    int inData = 0;
    for (Form form : Coverage.forms(MODEL)) {
      if (!form.validIn(8) || !form.allowsMemory()) {
        continue;
      }
      for (int i = 0; i < 10; i++) {
        OracleCase one = generator.next(form, 8).orElseThrow();
        byte[] bytes = one.instruction();
        decoder.decode(bytes, 0, bytes.length, 8, instruction);
        if (!instruction.hasMemory()) {
          continue;
        }
        one.materialize(state);
        memory++;
        if (ScratchLayout.inData(Comparison.operandOffset(instruction, state), 1)) {
          inData++;
        }
      }
    }
    assertThat(memory).isGreaterThan(1000);
    assertThat(inData).isGreaterThan(memory * 8 / 10);
  }
}
