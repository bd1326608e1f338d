package org.wardian.conformance.command;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.cli.Ward;
import org.wardian.host.SystemCall;

/**
 * Starts ward in a process whose kernel answers one ioctl request without serving it, by seccomp
 * (Linux, Documentation/userspace-api/seccomp_filter.rst). An answer of 0 is a success that did
 * nothing.
 */
final class RefusingKernel {
  /** {@code REQUEST=ERRNO} or {@code REQUEST:ARGUMENT=ERRNO}, numbers as Java writes them. */
  static final String RULE = "WARDIAN_TEST_REFUSE";

  /** A file: the rule holds as soon as it exists. Otherwise from the beginning. */
  static final String WHEN = "WARDIAN_TEST_REFUSE_WHEN";

  // Of x86-64: arch/x86/entry/syscalls/syscall_64.tbl.
  private static final int IOCTL = 16;
  private static final int PRCTL = 157;
  private static final int SECCOMP = 317;

  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SET_MODE_FILTER = 1;
  private static final int FLAG_ALL_THREADS = 1;

  /** Offsets in {@code struct seccomp_data}: the call's number, and the low words of arguments. */
  private static final int NUMBER = 0;

  private static final int REQUEST = 24;
  private static final int ARGUMENT = 32;

  private static final short LOAD = 0x20;
  private static final short JUMP_IF_EQUAL = 0x15;
  private static final short RETURN = 0x06;
  private static final int ALLOW = 0x7fff_0000;
  private static final int ERROR = 0x0005_0000;

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
    int skip = what.length == 1 ? 1 : 3;
    try (Arena arena = Arena.ofConfined()) {
      int length = 6 + (what.length == 1 ? 0 : 2);
      MemorySegment code = arena.allocate(8L * length, 8);
      put(code, 0, LOAD, NUMBER, 0);
      put(code, 1, JUMP_IF_EQUAL, IOCTL, skip + 2);
      put(code, 2, LOAD, REQUEST, 0);
      put(code, 3, JUMP_IF_EQUAL, Long.decode(what[0]).intValue(), skip);
      if (what.length > 1) {
        put(code, 4, LOAD, ARGUMENT, 0);
        put(code, 5, JUMP_IF_EQUAL, Integer.decode(what[1]), 1);
      }
      put(code, length - 2, RETURN, ERROR | Integer.decode(sides[1]), 0);
      put(code, length - 1, RETURN, ALLOW, 0);
      MemorySegment program = arena.allocate(16, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) length);
      program.set(ValueLayout.ADDRESS, 8, code);
      SystemCall.invoke("prctl", PRCTL, PR_SET_NO_NEW_PRIVS, 1);
      SystemCall.invoke("seccomp", SECCOMP, SET_MODE_FILTER, FLAG_ALL_THREADS, program.address());
    }
  }

  /** {@code struct sock_filter}: where the comparison fails, {@code skip} instructions are. */
  private static void put(MemorySegment code, int at, short operation, int value, int skip) {
    code.set(ValueLayout.JAVA_SHORT, 8L * at, operation);
    code.set(ValueLayout.JAVA_BYTE, 8L * at + 2, (byte) 0);
    code.set(ValueLayout.JAVA_BYTE, 8L * at + 3, (byte) skip);
    code.set(ValueLayout.JAVA_INT, 8L * at + 4, value);
  }
}
