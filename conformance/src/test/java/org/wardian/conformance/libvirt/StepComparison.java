package org.wardian.conformance.libvirt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What two daemons made of the same steps. */
final class StepComparison {
  /** How a step went here, beside there. */
  enum Verdict {
    /** The same words. */
    SAME,
    /** The same words with other figures. */
    FIGURES,
    /** The same status, other words. */
    WORDS,
    /** It failed there and passes here. */
    PASSES_ONLY_HERE,
    /** It passed there and fails here. */
    FAILS_ONLY_HERE
  }

  /**
   * An explanation of differences.
   *
   * @param step which steps it is about
   * @param words why they differ
   */
  record Explanation(Pattern step, String words) {}

  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Pattern FIGURES = Pattern.compile("[0-9]+([.,][0-9]+)*");
  private static final Pattern SPACE = Pattern.compile("[ \\t-]+");

  private final Map<VirshStep, Verdict> verdicts = new LinkedHashMap<>();
  private final List<Explanation> explanations = new ArrayList<>();

  /**
   * @param lines of {@code differences.txt}: an expression, {@code =>}, words
   */
  StepComparison(
      Map<VirshStep, StepRun.Result> there,
      Map<VirshStep, StepRun.Result> here,
      List<String> lines) {
    for (String line : lines) {
      int arrow = line.indexOf(" => ");
      if (arrow > 0 && !line.startsWith("#")) {
        explanations.add(
            new Explanation(
                Pattern.compile(line.substring(0, arrow)), line.substring(arrow + 4).strip()));
      }
    }
    there.forEach((step, result) -> verdicts.put(step, verdict(result, here.get(step))));
  }

  private static Verdict verdict(StepRun.Result there, StepRun.Result here) {
    if (there.passed() != here.passed()) {
      return here.passed() ? Verdict.PASSES_ONLY_HERE : Verdict.FAILS_ONLY_HERE;
    }
    String one = masked(there.output());
    String other = masked(here.output());
    if (one.equals(other)) {
      return Verdict.SAME;
    }
    return figures(one).equals(figures(other)) ? Verdict.FIGURES : Verdict.WORDS;
  }

  private static String masked(String output) {
    return UUID.matcher(output).replaceAll("UUID").strip();
  }

  /** Columns are as wide as their figures, so spaces do not count. */
  private static String figures(String output) {
    return SPACE.matcher(FIGURES.matcher(output).replaceAll("#")).replaceAll(" ");
  }

  /** How each step went. */
  Map<VirshStep, Verdict> verdicts() {
    return verdicts;
  }

  /** Why a step differs; null where nobody has said. */
  String explanation(VirshStep step) {
    for (Explanation explanation : explanations) {
      if (explanation.step().matcher(step.text()).find()) {
        return explanation.words();
      }
    }
    return null;
  }

  /** Steps of a verdict that nobody has explained. */
  List<VirshStep> unexplained(Verdict verdict) {
    return verdicts.entrySet().stream()
        .filter(entry -> entry.getValue() == verdict && explanation(entry.getKey()) == null)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** A table of what differs. */
  String report(Map<VirshStep, StepRun.Result> there, Map<VirshStep, StepRun.Result> here) {
    StringBuilder report = new StringBuilder();
    Map<Verdict, Integer> counts = new LinkedHashMap<>();
    verdicts.values().forEach(verdict -> counts.merge(verdict, 1, Integer::sum));
    report.append(counts).append('\n');
    verdicts.forEach((step, verdict) -> {
      if (verdict != Verdict.SAME && verdict != Verdict.FIGURES) {
        report.append(
            "%n== %d [%s] %s: %s (%s)%n-- there: status %d%n%s%n-- here: status %d%n%s%n"
                .formatted(
                    step.number(),
                    step.group(),
                    step.text(),
                    verdict,
                    explanation(step) == null ? "UNEXPLAINED" : explanation(step),
                    there.get(step).status(),
                    there.get(step).output().strip(),
                    here.get(step).status(),
                    here.get(step).output().strip()));
      }
    });
    return report.toString();
  }
}
