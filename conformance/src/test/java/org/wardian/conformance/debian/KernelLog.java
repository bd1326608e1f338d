package org.wardian.conformance.debian;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel's log as {@code dmesg -r} prints it.
 *
 * @param lines its lines, oldest first
 */
public record KernelLog(List<Line> lines) {
  /** Priorities up to this one, "warning", say that something is not as it should be. */
  private static final int WARNING = 4;

  /** What a sound kernel on a sound machine does not write at any priority. */
  private static final Pattern COMPLAINT =
      Pattern.compile(
          "WARNING:|BUG:|Call Trace|Oops|Firmware [Bb]ug|firmware bug|\\[Firmware Warn\\]"
              + "|Kernel panic|stall(s|ed)? (on|detected)|soft lockup|unchecked MSR|Unhandled"
              + "|general protection|segfault at|trap invalid opcode|nobody cared"
              + "|calibration failed|Marking clocksource|spurious",
          0);

  /** {@code <priority>[seconds] text}; a record's further lines begin with a blank. */
  private static final Pattern LINE = Pattern.compile("<(\\d+)>(\\[ *\\d+\\.\\d+\\] )?(.*)");

  /**
   * One line.
   *
   * @param priority 0 (emergency) to 7 (debug)
   * @param text without the time
   */
  public record Line(int priority, String text) {
    @Override
    public String toString() {
      return "<" + priority + ">" + text;
    }
  }

  /** Reads the output of {@code dmesg -r}. */
  public static KernelLog parse(String raw) {
    List<Line> lines = new ArrayList<>();
    for (String line : raw.lines().toList()) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        // Above the priority stands the facility.
        lines.add(new Line(Integer.parseInt(matcher.group(1)) & 7, matcher.group(3)));
      }
    }
    return new KernelLog(List.copyOf(lines));
  }

  /** The log of the guest at its prompt. */
  static KernelLog of(GuestShell shell) throws InterruptedException {
    return parse(shell.run("dmesg -r").text());
  }

  /**
   * Lines of priority "warning" and above, and complaints of lower priority.
   *
   * @param allowed those that say nothing about the machine
   */
  public List<Line> complaints(Allowance... allowed) {
    return lines.stream()
        .filter(line -> line.priority() <= WARNING || COMPLAINT.matcher(line.text()).find())
        .filter(line -> List.of(allowed).stream().noneMatch(a -> a.covers(line)))
        .toList();
  }

  /** Whether some line contains {@code text}. */
  public boolean has(String text) {
    return lines.stream().anyMatch(line -> line.text().contains(text));
  }
}
