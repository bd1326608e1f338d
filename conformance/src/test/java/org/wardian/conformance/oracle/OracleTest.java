package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.wardian.host.HostProcessor;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;

/**
 * The quick suite: every form on the host's processor and on ours. {@code -Dwardian.oracle.cases}
 * says how many cases a form (200), {@code -Dwardian.oracle.seed} which; {@code
 * -Dwardian.oracle.any=true} runs it on another maker's processor too. The long run is {@link
 * OracleRun}.
 */
class OracleTest {
  private static final CpuModel MODEL = CpuModel.standard();
  private static final int CASES = Integer.getInteger("wardian.oracle.cases", 200);
  private static final long SEED = Long.getLong("wardian.oracle.seed", 42);
  private static final String VENDOR = "GenuineIntel";
  private static final int[] CODE_SIZES = {8, 4, 2};

  private static CaseRunner runner;

  @BeforeAll
  static void open() {
    assumeTrue(HostEngine.refusal().isEmpty(), HostEngine.refusal());
    String vendor = HostProcessor.current().vendor();
    assumeTrue(
        vendor.equals(VENDOR) || Boolean.getBoolean("wardian.oracle.any"),
        "what the architecture leaves open is compared with Intel's choice, the host is " + vendor);
    runner = new CaseRunner(HostEngine.open(), new SoftwareEngine(MODEL), MODEL);
  }

  @AfterAll
  static void close() {
    if (runner != null) {
      runner.close();
    }
  }

  @TestFactory
  Stream<DynamicTest> everyFormDoesWhatTheHostDoes() {
    return Coverage.forms(MODEL).stream()
        .map(form -> DynamicTest.dynamicTest(form.toString(), () -> check(form)));
  }

  private static void check(Form form) {
    CaseGenerator generator = new CaseGenerator(SEED + form.id(), MODEL);
    int run = 0;
    for (int codeSize : CODE_SIZES) {
      if (!form.validIn(codeSize)) {
        continue;
      }
      // 64-bit code gets as many as the other two.
      int cases = codeSize == 8 ? CASES / 2 : CASES / 4;
      for (int i = 0; i < cases; i++) {
        Optional<OracleCase> next = generator.next(form, codeSize);
        assertThat(next).as("a case of %s in %d-bit code", form, 8 * codeSize).isPresent();
        List<Comparison.Difference> differences = runner.run(next.orElseThrow());
        if (!differences.isEmpty()) {
          fail(runner.report(next.get(), differences));
        }
        run++;
      }
    }
    assertThat(run).as("cases of %s", form).isPositive();
  }
}
