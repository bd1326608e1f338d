package org.wardian.conformance.oracle;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;

/**
 * Records the host's answers: {@code VectorRecorder FILE [CASES-PER-FORM [SEED]]}. Needed after a
 * change of the instruction table, of {@link StateSeeder} or of the vectors' format.
 */
public final class VectorRecorder {
  private static final int[] CODE_SIZES = {8, 4, 2};

  private VectorRecorder() {}

  /** Writes the file, or ends with status 2 where the host cannot serve. */
  public static void main(String[] arguments) throws IOException {
    String refusal = HostEngine.refusal();
    if (arguments.length < 1 || !refusal.isEmpty()) {
      System.err.println(
          refusal.isEmpty() ? "usage: VectorRecorder FILE [CASES-PER-FORM [SEED]]" : refusal);
      System.exit(2);
    }
    int cases = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
    long seed = arguments.length > 2 ? Long.decode(arguments[2]) : 1;
    List<OracleVector> vectors = record(CpuModel.standard(), cases, seed);
    try (OutputStream out = Files.newOutputStream(Path.of(arguments[0]))) {
      VectorFile.write(vectors, out);
    }
    System.out.printf(
        "%,d vectors, %,d bytes%n", vectors.size(), Files.size(Path.of(arguments[0])));
  }

  /** Asks the host for {@code cases} cases of every form in code of every size. */
  static List<OracleVector> record(CpuModel model, int cases, long seed) {
    List<OracleVector> vectors = new ArrayList<>();
    CaseGenerator generator = new CaseGenerator(seed, model);
    CaseState before = new CaseState();
    CaseState after = new CaseState();
    try (HostEngine host = HostEngine.open()) {
      for (Form form : Coverage.forms(model)) {
        for (int codeSize : CODE_SIZES) {
          for (int i = 0; i < cases && form.validIn(codeSize); i++) {
            Optional<OracleCase> next = generator.next(form, codeSize);
            if (next.isEmpty()) {
              break;
            }
            next.get().materialize(before);
            host.load(before);
            Outcome outcome = host.execute(next.get().instruction, codeSize);
            host.store(after);
            vectors.add(OracleVector.of(next.get(), before, outcome, after));
          }
        }
      }
    }
    return vectors;
  }
}
