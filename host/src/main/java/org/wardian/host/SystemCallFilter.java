package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * System calls that the kernel answers with an error in place of serving them, for every thread of
 * this process, until it ends: a seccomp filter. It cannot be taken back. Of x86-64 only. Sources:
 * Linux, Documentation/userspace-api/seccomp_filter.rst; seccomp(2); {@code
 * include/uapi/linux/filter.h}.
 */
public final class SystemCallFilter {
  // Of x86-64: arch/x86/entry/syscalls/syscall_64.tbl.
  private static final int PRCTL = 157;
  private static final int SECCOMP = 317;

  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SECCOMP_SET_MODE_FILTER = 1;
  private static final int FLAG_ALL_THREADS = 1;

  /** Without it, kernels before 5.16 slow down every load of a thread that has a filter. */
  private static final int FLAG_KEEP_SPECULATION = 4;

  /** {@code AUDIT_ARCH_X86_64}: other tables of calls have other numbers. */
  private static final int ARCHITECTURE = 0xc000_003e;

  /** Set in the numbers of the x32 calls, which do the same by another table. */
  private static final int X32 = 0x4000_0000;

  /** Offsets in {@code struct seccomp_data}. */
  private static final int DATA_NUMBER = 0;

  private static final int DATA_ARCHITECTURE = 4;
  private static final int DATA_ARGUMENTS = 16;

  private static final int INSTRUCTION = 8;
  private static final int MOST_INSTRUCTIONS = 4096;

  private static final int LOAD = 0x20;
  private static final int AND = 0x54;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int JUMP_IF_ANY_BIT = 0x45;
  private static final int RETURN = 0x06;

  private static final int ALLOW = 0x7fff_0000;
  private static final int ERROR = 0x0005_0000;

  private final List<Rule> rules = new ArrayList<>();

  /** With no rules: all calls of x86-64 are served, those of other tables are not. */
  public SystemCallFilter() {}

  /**
   * What an argument of a call has to be for a rule to hold.
   *
   * @param argument which, 0 to 5
   * @param mask bits of its low 32 that count
   * @param value what they are to be
   */
  public record Condition(int argument, int mask, int value) {
    /** The low 32 bits are a value. */
    public static Condition is(int argument, int value) {
      return new Condition(argument, -1, value);
    }
  }

  private record Rule(int number, int errno, Condition... conditions) {}

  /**
   * Adds a rule. The first that holds counts.
   *
   * @param number of the call on x86-64
   * @param errno its answer, 0 to 4,095; 0 is a success that did nothing
   * @param conditions all of which have to hold
   * @return this
   */
  public SystemCallFilter refuse(int number, int errno, Condition... conditions) {
    rules.add(new Rule(number, errno, conditions));
    return this;
  }

  /**
   * Has the kernel follow the rules from now on, for all threads that are and will be. The process
   * cannot gain privileges by starting a program any more, either ({@code no_new_privs}).
   *
   * @throws HostException where the kernel has no such filters, or does not let us have one; all
   *     calls are served as before then
   */
  public void install() {
    Libc.requireLinux("a filter of system calls");
    if (!System.getProperty("os.arch", "").equals("amd64")) {
      throw HostException.unsupported("a filter of system calls", "it needs x86-64");
    }
    try (Arena arena = Arena.ofConfined()) {
      int[] words = program();
      MemorySegment code = arena.allocateFrom(ValueLayout.JAVA_INT, words);
      // struct sock_fprog: a count of 16 bits, and a pointer.
      MemorySegment program = arena.allocate(16, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) (words.length * Integer.BYTES / INSTRUCTION));
      program.set(ValueLayout.JAVA_LONG, 8, code.address());
      SystemCall.invoke("prctl", PRCTL, PR_SET_NO_NEW_PRIVS, 1);
      long thread;
      try {
        thread = install(FLAG_ALL_THREADS | FLAG_KEEP_SPECULATION, program);
      } catch (HostException e) {
        if (e.errno() != Errno.EINVAL) {
          throw e;
        }
        thread = install(FLAG_ALL_THREADS, program); // Linux before 4.17
      }
      if (thread != 0) {
        throw HostException.unsupported(
            "a filter of system calls for all threads", "thread " + thread + " has another one");
      }
    }
  }

  private static long install(int flags, MemorySegment program) {
    return SystemCall.invoke("seccomp", SECCOMP, SECCOMP_SET_MODE_FILTER, flags, program.address());
  }

  /** Two words for each {@code struct sock_filter}. */
  int[] program() {
    Code code = new Code();
    code.add(LOAD, 0, 0, DATA_ARCHITECTURE);
    code.add(JUMP_IF_EQUAL, 1, 0, ARCHITECTURE);
    code.add(RETURN, 0, 0, ERROR | Errno.EPERM);
    code.add(LOAD, 0, 0, DATA_NUMBER);
    code.add(JUMP_IF_ANY_BIT, 0, 1, X32);
    code.add(RETURN, 0, 0, ERROR | Errno.EPERM);
    for (Rule rule : rules) {
      int conditions = rule.conditions.length;
      if (conditions == 0) {
        code.add(JUMP_IF_EQUAL, 0, 1, rule.number);
        code.add(RETURN, 0, 0, ERROR | rule.errno);
        continue;
      }
      // Each condition takes three instructions, then come the answer and the number's return.
      int rest = 3 * conditions + 1;
      code.add(JUMP_IF_EQUAL, 0, rest + 1, rule.number);
      for (Condition condition : rule.conditions) {
        code.add(LOAD, 0, 0, DATA_ARGUMENTS + Long.BYTES * condition.argument);
        code.add(AND, 0, 0, condition.mask);
        rest -= 3;
        code.add(JUMP_IF_EQUAL, 0, rest, condition.value);
      }
      code.add(RETURN, 0, 0, ERROR | rule.errno);
      code.add(LOAD, 0, 0, DATA_NUMBER);
    }
    code.add(RETURN, 0, 0, ALLOW);
    return code.words();
  }

  /** The instructions so far. */
  private static final class Code {
    private final int[] words = new int[2 * MOST_INSTRUCTIONS];
    private int at;

    /** A jump goes over as many instructions where the comparison holds, or does not. */
    void add(int operation, int holds, int fails, int value) {
      if (at == words.length) {
        throw new IllegalArgumentException("the kernel takes " + MOST_INSTRUCTIONS + " at most");
      }
      words[at++] = operation | holds << 16 | fails << 24;
      words[at++] = value;
    }

    int[] words() {
      return java.util.Arrays.copyOf(words, at);
    }
  }
}
