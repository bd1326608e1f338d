package org.wardian.conformance.system;

import java.util.ArrayList;
import java.util.List;

/**
 * What a guest must print.
 *
 * <p>A resource has one line for each line of the guest. A line that starts with {@code #} is a
 * comment. A line that starts with {@code qemu|} follows one where QEMU 7.2 deviates from the
 * processor's manual, and holds what QEMU prints there; the comment before it says why. From a
 * comment that starts with {@code qemu-stops:} on, QEMU is not asked.
 *
 * @param lines what a processor prints
 * @param qemu what QEMU prints: as many lines, or fewer where it stops
 */
record Expectation(List<String> lines, List<String> qemu) {
  private static final String QEMU = "qemu|";
  private static final String QEMU_STOPS = "# qemu-stops:";

  static Expectation parse(String text) {
    List<String> lines = new ArrayList<>();
    List<String> qemu = new ArrayList<>();
    boolean asked = true;
    for (String line : text.lines().toList()) {
      if (line.startsWith(QEMU)) {
        if (qemu.isEmpty() || !asked) {
          throw new IllegalArgumentException("no line of QEMU's before: " + line);
        }
        qemu.set(qemu.size() - 1, line.substring(QEMU.length()).strip());
      } else if (line.startsWith(QEMU_STOPS)) {
        asked = false;
      } else if (!line.startsWith("#") && !line.isBlank()) {
        lines.add(line.strip());
        if (asked) {
          qemu.add(line.strip());
        }
      }
    }
    return new Expectation(List.copyOf(lines), List.copyOf(qemu));
  }

  /** The lines of a guest's output, as they are compared. */
  static List<String> linesOf(String output) {
    return output.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}
