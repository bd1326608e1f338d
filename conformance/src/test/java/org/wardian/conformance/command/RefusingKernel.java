package org.wardian.conformance.command;

import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.cli.Ward;
import org.wardian.host.SystemCallFilter;
import org.wardian.host.SystemCallFilter.Condition;

/**
 * Starts ward in a process whose kernel answers one ioctl request without serving it, by a {@link
 * SystemCallFilter}. An answer of 0 is a success that did nothing.
 */
final class RefusingKernel {
  /** {@code REQUEST=ERRNO} or {@code REQUEST:ARGUMENT=ERRNO}, numbers as Java writes them. */
  static final String RULE = "WARDIAN_TEST_REFUSE";

  /** A file: the rule holds as soon as it exists. Otherwise from the beginning. */
  static final String WHEN = "WARDIAN_TEST_REFUSE_WHEN";

  /** Of x86-64: arch/x86/entry/syscalls/syscall_64.tbl. */
  private static final int IOCTL = 16;

  private RefusingKernel() {}

  /** As {@link Ward#main}. */
  public static void main(String[] arguments) {
    String rule = System.getenv(RULE);
    String when = System.getenv(WHEN);
    if (when == null) {
      refuse(rule);
    } else {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            while (!Files.exists(Path.of(when))) {
              Thread.onSpinWait();
              sleep();
            }
            refuse(rule);
          });
    }
    Ward.main(arguments);
  }

  private static void sleep() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void refuse(String rule) {
    String[] sides = rule.split("=");
    String[] what = sides[0].split(":");
    Condition[] conditions = new Condition[what.length];
    for (int i = 0; i < what.length; i++) {
      conditions[i] = Condition.is(1 + i, Long.decode(what[i]).intValue());
    }
    new SystemCallFilter().refuse(IOCTL, Integer.decode(sides[1]), conditions).install();
  }
}
