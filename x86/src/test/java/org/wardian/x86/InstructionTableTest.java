package org.wardian.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstructionTableTest {
  private static final CpuModel EVERYTHING =
      new CpuModel("everything", EnumSet.allOf(Feature.class));

  @Test
  void idsAreRowNumbers() {
    List<Form> forms = InstructionTable.forms();
    for (int i = 0; i < forms.size(); i++) {
      assertThat(forms.get(i).id()).isEqualTo(i);
      assertThat(InstructionTable.form(i)).isSameAs(forms.get(i));
    }
  }

  @Test
  void everyOperationHasAForm() {
    Set<Operation> operations = EnumSet.noneOf(Operation.class);
    for (Form form : InstructionTable.forms()) {
      operations.add(form.operation());
    }
    assertThat(operations).containsExactlyInAnyOrder(Operation.values());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void everyRowIsReachable(int codeSize) {
    FormSampler sampler = new FormSampler();
    Decoder decoder = new Decoder(EVERYTHING);
    Instruction instruction = new Instruction();
    SplittableRandom random = new SplittableRandom(codeSize);
    for (Form form : InstructionTable.forms()) {
      if (!form.validIn(codeSize)) {
        assertThatThrownBy(() -> sampler.sample(form, random, codeSize))
            .isInstanceOf(IllegalArgumentException.class);
        continue;
      }
      boolean memory = false;
      boolean register = false;
      for (int i = 0; i < 60; i++) {
        byte[] code = sampler.sample(form, random, codeSize, i % 2 == 0);
        assertThat(decoder.decode(code, 0, code.length, codeSize, instruction))
            .isEqualTo(Decoder.OK);
        assertThat(instruction.form).isSameAs(form);
        assertThat(instruction.length).isEqualTo(code.length);
        memory |= instruction.hasMemory();
        register |= !instruction.hasMemory();
      }
      assertThat(memory).as("memory operand of %s", form).isEqualTo(form.allowsMemory());
      if (form.allowsRegister()) {
        assertThat(register).as("register operand of %s", form).isTrue();
      }
    }
  }

  @Test
  void flagsOfOneFormDoNotOverlap() {
    for (Form form : InstructionTable.forms()) {
      assertThat(form.flagsWritten() & form.flagsUndefined()).as(form.toString()).isZero();
    }
  }

  @Test
  void effectsAreRead() {
    Form shift = find("SHL Ev, CL | D3 /4 |");
    assertThat(shift.flagsWritten()).isEqualTo(0x8c5);
    assertThat(shift.flagsUndefined()).isEqualTo(0x10);
    assertThat(shift.flagsUndefinedUnlessOne()).isEqualTo(0x800);
    assertThat(shift.flagsUndefinedFromWidth()).isEqualTo(1);
    Form carry = find("ADC Eb, Gb |");
    assertThat(carry.flagsRead()).isEqualTo(1);
    assertThat(carry.lockable()).isTrue();
    assertThat(carry.feature()).isNull();
    Form compare = find("CMPS Xb, Yb |");
    assertThat(compare.repeatable()).isTrue();
    assertThat(compare.repeatTestsZero()).isTrue();
    assertThat(find("MOVS Yb, Xb |").repeatTestsZero()).isFalse();
    assertThat(find("HLT |").privileged()).isTrue();
    assertThat(find("MOVAPS Vps, Wps |").alignment()).isEqualTo(16);
    assertThat(find("XSAVE M |").alignment()).isEqualTo(64);
    assertThat(find("MOVUPS Vps, Wps |").alignment()).isEqualTo(1);
    assertThat(find("PSHUFB Vdq, Wdq |").feature()).isEqualTo(Feature.SSSE3);
  }

  @Test
  void overlappingRowsAreRefused() {
    assertOverlap("INC Eb | FE /0 | - | - | -\nDEC Eb | FE /0 | - | - | -\n");
    assertOverlap("INC Eb | FE /0 | - | - | -\nDEC Eb | FE /r | - | - | -\n");
    assertOverlap("INC Eb | FE /0 | - | - | -\nCLC | FE C0 | - | - | -\n");
    assertOverlap("PUSH Zv | 50+r | - | - | -\nCLC | 53 | - | - | -\n");
  }

  @Test
  void rowsWithAPrefixGoFirst() {
    Form[] forms = parse("NOP | 90 | - | - | -\nPAUSE | F3 90 | - | - | -\n");
    DecodeTable table = new DecodeTable(forms, EVERYTHING, true);
    assertThat(table.primary[0x90 << 2]).isEqualTo((short) 1);
    assertThat(table.primary[0x90 << 2 | 1]).isEqualTo((short) 1);
    assertThat(table.primary[0x90 << 2 | 2]).isEqualTo((short) 2);
    assertThat(table.primary[0x90 << 2 | 3]).isEqualTo((short) 1);
  }

  @Test
  void malformedRowsAreNamed() {
    for (String row :
        new String[] {
          "NONSENSE | 90 | - | - | -\n",
          "NOP Ek | 90 /r | - | - | -\n",
          "NOP Bv | 90 /r | - | - | -\n",
          "NOP | 90 | NOFEATURE | - | -\n",
          "NOP | 90 | - | x:c | -\n",
          "NOP | 90 | - | w:y | -\n",
          "NOP | 90 | - | - | sometimes\n",
        }) {
      assertThatThrownBy(() -> parse("# a comment\n" + row))
          .as(row)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("instructions.tbl, line 2");
    }
  }

  private static void assertOverlap(String rows) {
    Form[] forms = parse(rows);
    assertThatThrownBy(() -> new DecodeTable(forms, EVERYTHING, false))
        .as(rows)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("overlaps");
  }

  private static Form[] parse(String rows) {
    return new TableParser(rows.getBytes(StandardCharsets.US_ASCII)).parse();
  }

  private static Form find(String start) {
    return InstructionTable.forms().stream()
        .filter(form -> form.toString().startsWith(start))
        .findFirst()
        .orElseThrow();
  }
}
