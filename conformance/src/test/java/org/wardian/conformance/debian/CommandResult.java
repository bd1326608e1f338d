package org.wardian.conformance.debian;

import java.util.List;

/**
 * What a command in the guest came to.
 *
 * @param output what it printed, lines ended by {@code \n}
 * @param status its exit status
 */
public record CommandResult(String output, int status) {
  /** The output's lines. */
  public List<String> lines() {
    return output.lines().toList();
  }

  /** The output of a command that succeeded, without white space around it. */
  public String text() {
    if (status != 0) {
      throw new AssertionError("status " + status + ": " + output);
    }
    return output.strip();
  }
}
