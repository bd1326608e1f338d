package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.Instruction;

/** The answers of an x86-64 processor, recorded once, against ours on any host. */
class VectorReplayTest {
  private static final CpuModel MODEL = CpuModel.standard();
  private static final int[] CODE_SIZES = {8, 4, 2};

  private static Map<Form, List<OracleVector>> vectors;
  private static SoftwareEngine ours;

  @BeforeAll
  static void read() throws IOException {
    vectors = new LinkedHashMap<>();
    Decoder decoder = new Decoder(MODEL);
    Instruction instruction = new Instruction();
    try (InputStream in = VectorReplayTest.class.getResourceAsStream("oracle.vectors.gz")) {
      for (OracleVector vector : VectorFile.read(in)) {
        byte[] bytes = vector.input.instruction;
        int result = decoder.decode(bytes, 0, bytes.length, vector.input.codeSize, instruction);
        assertThat(result).as("recorded instruction is decoded").isEqualTo(Decoder.OK);
        vectors.computeIfAbsent(instruction.form, form -> new java.util.ArrayList<>()).add(vector);
      }
    }
    ours = new SoftwareEngine(MODEL);
  }

  @AfterAll
  static void close() {
    ours.close();
  }

  @Test
  void everyFormHasVectorsForCodeOfEverySize() {
    for (Form form : Coverage.forms(MODEL)) {
      Set<Integer> sizes = new HashSet<>();
      for (OracleVector vector : vectors.getOrDefault(form, List.of())) {
        sizes.add(vector.input.codeSize);
      }
      for (int codeSize : CODE_SIZES) {
        assertThat(sizes.contains(codeSize))
            .as("vectors of %s in %d-bit code (VectorRecorder makes them)", form, 8 * codeSize)
            .isEqualTo(form.validIn(codeSize));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> everyFormDoesWhatTheRecordSays() {
    return vectors.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey().toString(), () -> entry.getValue().forEach(this::replay)));
  }

  private void replay(OracleVector vector) {
    CaseState before = new CaseState();
    CaseState expected = new CaseState();
    CaseState after = new CaseState();
    OracleCase input = vector.input;
    input.materialize(before);
    assertThat(OracleCase.fingerprint(before))
        .as("StateSeeder changed: record the vectors again (VectorRecorder)")
        .isEqualTo(vector.fingerprint);
    vector.after(before, expected);
    Instruction instruction = new Instruction();
    byte[] bytes = input.instruction;
    new Decoder(MODEL).decode(bytes, 0, bytes.length, input.codeSize, instruction);
    ours.load(before);
    Outcome outcome = ours.execute(bytes, input.codeSize);
    ours.store(after);
    List<Comparison.Difference> differences =
        Comparison.compare(instruction, before, vector.outcome, expected, outcome, after);
    if (!differences.isEmpty()) {
      fail(CaseReport.text(input, before, vector.outcome, outcome, differences, MODEL));
    }
  }
}
