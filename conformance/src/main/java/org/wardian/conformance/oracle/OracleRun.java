package org.wardian.conformance.oracle;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;
import org.wardian.x86.InstructionTable;

/**
 * The long run of the oracle: random cases of every form, on the host's processor and on ours.
 *
 * <p>Options: {@code --cases N} in all (default 1,000,000), {@code --minutes M} at most, {@code
 * --seed S}, {@code --form REGEX} (matched anywhere in a row of the table), {@code --show N}
 * reports a form (default 2), {@code --coverage} to print what every form met. Ends with status 1
 * where there was a difference.
 */
public final class OracleRun {
  private static final int[] CODE_SIZES = {8, 4, 2};

  private long cases = 1_000_000;
  private long minutes = Long.MAX_VALUE / 60_000_000_000L;
  private long seed = 1;
  private Pattern form = Pattern.compile("");
  private int show = 2;
  private boolean coverage;

  private final PrintStream out;
  private final CpuModel model = CpuModel.standard();

  /** What one form met in code of one size. */
  private static final class Tally {
    long run;
    long completed;
    long different;
    boolean exhausted;
    final Map<String, Integer> outcomes = new TreeMap<>();
  }

  private Watchdog watchdog;

  private record Work(Form form, int codeSize, Tally tally) {}

  private OracleRun(PrintStream out) {
    this.out = out;
  }

  /** Runs and ends the process with 0, 1 for differences, or 2 for a wrong option or host. */
  public static void main(String[] arguments) {
    OracleRun run = new OracleRun(System.out);
    String error = run.parse(arguments);
    if (error.isEmpty()) {
      error = HostEngine.refusal();
    }
    if (!error.isEmpty()) {
      System.err.println("oracle: " + error);
      System.exit(2);
    }
    System.exit(run.run() ? 0 : 1);
  }

  private String parse(String[] arguments) {
    try {
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--cases" -> cases = Long.parseLong(arguments[++i]);
          case "--minutes" -> minutes = Long.parseLong(arguments[++i]);
          case "--seed" -> seed = Long.decode(arguments[++i]);
          case "--form" -> form = Pattern.compile(arguments[++i]);
          case "--show" -> show = Integer.parseInt(arguments[++i]);
          case "--coverage" -> coverage = true;
          default -> {
            return "unknown option " + arguments[i];
          }
        }
      }
      return "";
    } catch (ArrayIndexOutOfBoundsException e) {
      return arguments[arguments.length - 1] + " needs a value";
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  private List<Work> work() {
    List<Work> work = new ArrayList<>();
    for (Form candidate : Coverage.forms(model)) {
      if (!form.matcher(candidate.toString()).find()) {
        continue;
      }
      for (int codeSize : CODE_SIZES) {
        if (candidate.validIn(codeSize)) {
          work.add(new Work(candidate, codeSize, new Tally()));
        }
      }
    }
    return work;
  }

  private boolean run() {
    List<Work> work = work();
    if (work.isEmpty()) {
      out.println("no form matches");
      return false;
    }
    long start = System.nanoTime();
    long budget = minutes * 60_000_000_000L;
    long done = 0;
    long different = 0;
    CaseGenerator generator = new CaseGenerator(seed, model);
    watchdog = new Watchdog(out, model);
    try (CaseRunner runner = new CaseRunner(HostEngine.open(), new SoftwareEngine(model), model)) {
      long round = Math.max(1, Math.min(64, cases / work.size()));
      while (done < cases && System.nanoTime() - start < budget) {
        long before = done;
        for (Work one : work) {
          for (long k = 0; k < round && done < cases && !one.tally.exhausted; k++) {
            different += runOne(generator, runner, one);
            done++;
          }
        }
        if (done == before) {
          break;
        }
      }
    }
    watchdog.begin(null);
    summary(work, done, different, (System.nanoTime() - start) / 1e9);
    return different == 0;
  }

  private int runOne(CaseGenerator generator, CaseRunner runner, Work one) {
    Optional<OracleCase> next = generator.next(one.form, one.codeSize);
    if (next.isEmpty()) {
      one.tally.exhausted = true;
      return 0;
    }
    watchdog.begin(next.get());
    List<Comparison.Difference> differences;
    try {
      differences = runner.run(next.get());
    } catch (RuntimeException e) {
      out.println(one.form);
      out.println(CaseReport.instruction(next.get(), 0, model));
      throw e;
    }
    one.tally.run++;
    if (runner.hostOutcome().completed()) {
      one.tally.completed++;
    }
    if (coverage) {
      one.tally.outcomes.merge(runner.hostOutcome().kind(), 1, Integer::sum);
    }
    if (differences.isEmpty()) {
      return 0;
    }
    if (one.tally.different++ < show) {
      out.println("--- " + one.form);
      out.print(runner.report(next.get(), differences));
    }
    return 1;
  }

  private void summary(List<Work> work, long done, long different, double seconds) {
    List<Work> bad = new ArrayList<>();
    List<Work> empty = new ArrayList<>();
    for (Work one : work) {
      if (one.tally.different > 0) {
        bad.add(one);
      }
      if (one.tally.run == 0) {
        empty.add(one);
      }
      if (coverage) {
        out.printf(
            "%-70s %2d-bit %8d cases %s%n",
            one.form, 8 * one.codeSize, one.tally.run, one.tally.outcomes);
      }
    }
    if (!bad.isEmpty()) {
      out.println("\nForms with differences:");
      for (Work one : bad) {
        out.printf(
            "%8d of %8d  %2d-bit  %s%n",
            one.tally.different, one.tally.run, 8 * one.codeSize, one.form);
      }
    }
    for (Work one : empty) {
      out.println("without a case: " + 8 * one.codeSize + "-bit " + one.form);
    }
    if (coverage) {
      for (Form each : InstructionTable.forms()) {
        Coverage.exclusion(each)
            .ifPresent(
                e -> out.println("not run: " + each + ": " + e.reason() + "; " + e.coveredBy()));
      }
    }
    out.printf(
        "%,d cases of %d forms in %.1f s (%,.0f/s), seed %d: %,d differences in %d forms%n",
        done, work.size(), seconds, done / seconds, seed, different, bad.size());
  }
}
