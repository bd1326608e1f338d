package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.platform.TranslatorChoice;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;

/**
 * Every form of 64, 32 and 16-bit code on a processor that interprets and on one that translates
 * what it can: the same registers, flags, memory and faults, on any host.
 */
class TierAgreementTest {
  private static final CpuModel MODEL = CpuModel.standard();
  private static final int CASES = Integer.getInteger("wardian.oracle.cases", 24);
  private static final long SEED = Long.getLong("wardian.oracle.seed", 42);
  private static final int[] CODE_SIZES = {8, 4, 2};

  @Test
  void theTiersAgreeAboutEveryForm() {
    assumeTrue(TranslatorChoice.of(Translator.AUTO, MODEL).translated(), "nothing is translated");
    int run = 0;
    try (CaseRunner runner =
        new CaseRunner(new SoftwareEngine(MODEL, false), new SoftwareEngine(MODEL, true), MODEL)) {
      for (Form form : Coverage.forms(MODEL)) {
        CaseGenerator generator = new CaseGenerator(SEED + form.id(), MODEL);
        for (int codeSize : CODE_SIZES) {
          for (int i = 0; form.validIn(codeSize) && i < CASES; i++) {
            Optional<OracleCase> next = generator.next(form, codeSize);
            assertThat(next).as("a case of %s", form).isPresent();
            List<Comparison.Difference> differences = runner.run(next.orElseThrow());
            if (!differences.isEmpty()) {
              fail(
                  "interpreted (called host) and translated:\n"
                      + runner.report(next.get(), differences));
            }
            run++;
          }
        }
      }
    }
    assertThat(run).isGreaterThan(1000);
  }
}
