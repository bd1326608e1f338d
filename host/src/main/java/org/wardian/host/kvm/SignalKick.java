package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.wardian.host.CallFrame;
import org.wardian.host.Descriptor;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.SystemCall;

/**
 * Interrupts KVM_RUN by a real-time signal where io_uring is forbidden. The signal is blocked on
 * the thread that runs the vCPU and open only inside KVM_RUN, by KVM_SET_SIGNAL_MASK: it ends
 * KVM_RUN, stays pending, and is taken away by rt_sigtimedwait. No handler runs in the Java
 * process.
 *
 * <p>The signal's action is "ignore", so that one which comes to a thread that does not block it
 * (the number of a thread that ended was given to a new one) is lost without harm; a blocked signal
 * is kept in spite of it. Source: {@code signal(7)}, and the kernel's {@code sig_ignored()}.
 */
final class SignalKick implements Kick {
  /** A real-time signal of the upper end, which the C library and the JVM leave alone. */
  static final int SIGNAL = 62;

  /** System calls of x86-64: {@code arch/x86/entry/syscalls/syscall_64.tbl}. */
  private static final long RT_SIGACTION = 13;

  private static final long RT_SIGPROCMASK = 14;
  private static final long GETPID = 39;
  private static final long RT_SIGTIMEDWAIT = 128;
  private static final long GETTID = 186;
  private static final long TGKILL = 234;

  /** {@code struct kernel_sigaction}: handler, flags, restorer, mask. */
  private static final int ACTION_SIZE = 32;

  private static final long SIG_IGN = 1;
  private static final long SIG_BLOCK = 0;

  /** Bytes of the kernel's signal set. */
  private static final int SET_SIZE = 8;

  private static final long BIT = 1L << (SIGNAL - 1);

  private final Descriptor cpu;
  private final long process = SystemCall.invoke("getpid", GETPID);
  private Thread owner;
  private volatile long threadId;

  SignalKick(Descriptor cpu) {
    this.cpu = cpu;
    Ignored.ensure();
  }

  /** Sets the signal's action, once. */
  private static final class Ignored {
    static {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment action = arena.allocate(ACTION_SIZE, Long.BYTES);
        action.set(JAVA_LONG, 0, SIG_IGN);
        SystemCall.invoke("rt_sigaction", RT_SIGACTION, SIGNAL, action.address(), 0, SET_SIZE);
      }
    }

    static void ensure() {
      // Done by the class's initialization.
    }
  }

  @Override
  public void prepare() {
    Thread self = Thread.currentThread();
    if (self.equals(owner)) {
      return;
    }
    Kick.requirePlatformThread();
    owner = null;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sets = arena.allocate(2 * SET_SIZE, Long.BYTES);
      sets.set(JAVA_LONG, 0, BIT);
      long old = sets.address() + SET_SIZE;
      SystemCall.invoke("rt_sigprocmask", RT_SIGPROCMASK, SIG_BLOCK, sets.address(), old, SET_SIZE);
      MemorySegment mask =
          arena.allocate(CallStructures.SIGNAL_MASK_SIZE + (long) SET_SIZE, Long.BYTES);
      mask.set(JAVA_INT, CallStructures.SIGNAL_MASK_LENGTH, SET_SIZE);
      mask.set(
          JAVA_LONG.withByteAlignment(1),
          CallStructures.SIGNAL_MASK_SET,
          sets.get(JAVA_LONG, SET_SIZE) & ~BIT);
      Kvm.call(cpu, Request.SET_SIGNAL_MASK, mask, "all but signal " + SIGNAL);
    }
    threadId = SystemCall.invoke("gettid", GETTID);
    owner = self;
  }

  @Override
  public void send() {
    long thread = threadId;
    if (thread == 0) {
      return;
    }
    long result = SystemCall.result(TGKILL, process, thread, SIGNAL, 0, 0, 0);
    if (result == -Errno.EAGAIN) {
      throw HostException.ofCall(
          "tgkill",
          "signal " + SIGNAL,
          Errno.EAGAIN,
          "raise the limit of pending signals (ulimit -i)");
    }
    // Otherwise the thread has ended, and with it the KVM_RUN.
  }

  @Override
  public void settle() {
    CallFrame frame = CallFrame.current();
    MemorySegment scratch = frame.scratch();
    scratch.set(JAVA_LONG, 0, BIT);
    scratch.set(JAVA_LONG, 8, 0);
    scratch.set(JAVA_LONG, 16, 0);
    long set = frame.scratchAddress();
    while (SystemCall.result(RT_SIGTIMEDWAIT, set, 0, set + 8, SET_SIZE, 0, 0) == SIGNAL) {
      // One call takes one of the queued signals.
    }
  }

  @Override
  public String method() {
    return "signal " + SIGNAL + ", open only inside KVM_RUN (no handler)";
  }

  @Override
  public void close() {
    threadId = 0;
    owner = null;
  }
}
