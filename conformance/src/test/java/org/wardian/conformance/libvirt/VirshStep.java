package org.wardian.conformance.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of {@code steps.txt}.
 *
 * @param number its place among all, from 1
 * @param group the heading that it stands under
 * @param text the line
 * @param until an expression that its output must have before the run goes on, or null; as text,
 *     for steps are keys, and a Pattern equals only itself
 * @param during a command that runs meanwhile, or null
 * @param input what it reads, or null
 * @param command the words behind {@code virsh}
 */
record VirshStep(
    int number,
    String group,
    String text,
    String until,
    List<String> during,
    String input,
    List<String> command) {
  private static final Pattern WORD = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S+)");

  /** All steps of a file. */
  static List<VirshStep> parse(List<String> lines) {
    List<VirshStep> steps = new ArrayList<>();
    String group = "";
    for (String line : lines) {
      if (line.startsWith("[")) {
        group = line.substring(1, line.indexOf(']'));
      } else if (!line.isBlank() && !line.startsWith("#")) {
        steps.add(of(steps.size() + 1, group, line));
      }
    }
    return steps;
  }

  private static VirshStep of(int number, String group, String line) {
    String rest = line;
    String until = null;
    List<String> during = null;
    String input = null;
    int bar;
    while ((bar = rest.indexOf(" | ")) > 0) {
      String prefix = rest.substring(0, bar);
      rest = rest.substring(bar + 3);
      int space = prefix.indexOf(' ');
      String value = prefix.substring(space + 1);
      switch (prefix.substring(0, space)) {
        case "until" -> until = value;
        case "during" -> during = words(value);
        case "in" -> input = value.replace("\\n", "\n");
        default -> throw new IllegalArgumentException("no such prefix: " + line);
      }
    }
    return new VirshStep(number, group, line, until, during, input, words(rest));
  }

  /** Whether the run may go on after such an output. */
  boolean isReachedBy(String output) {
    return until == null || Pattern.compile(until, Pattern.MULTILINE).matcher(output).find();
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(
          matcher.group(1) != null ? matcher.group(1).replace("\\\"", "\"") : matcher.group(2));
    }
    return words;
  }
}
