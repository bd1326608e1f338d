package org.wardian.conformance.debian;

import java.util.regex.Pattern;

/**
 * A line that a kernel logs as a warning although nothing is wrong with the machine: QEMU 7.2 (TCG,
 * {@code -cpu max}, same kernel, same parameters) makes it log the same.
 *
 * @param line what the line looks like, from beginning to end
 * @param reason why the kernel says so
 */
record Allowance(Pattern line, String reason) {
  static Allowance of(String line, String reason) {
    return new Allowance(Pattern.compile(line), reason);
  }

  boolean covers(KernelLog.Line candidate) {
    return line.matcher(candidate.text()).matches();
  }
}
