package org.wardian.conformance.oracle;

import org.wardian.host.SystemCall;
import org.wardian.memory.RawMemory;

/**
 * The signal set-up of the thread and process that run cases: alternate stack, mask and handlers,
 * by x86-64 system calls, because the kernel's structures are then exactly those of its headers.
 *
 * <p>{@code struct kernel_sigaction}: +0 handler, +8 flags, +16 restorer, +24 mask (8 bytes).
 * {@code stack_t}: +0 address, +8 flags (32 bits), +16 size. Sources: {@code
 * arch/x86/include/uapi/asm/signal.h}.
 */
final class HostSignals {
  private static final int RT_SIGACTION = 13;
  private static final int RT_SIGPROCMASK = 14;
  private static final int SIGALTSTACK = 131;
  private static final int SIG_SETMASK = 2;
  private static final long SA_SIGINFO = 4;
  private static final long SA_RESTORER = 0x0400_0000;
  private static final long SA_ONSTACK = 0x0800_0000;
  private static final int SS_DISABLE = 2;
  private static final int MASK_BYTES = 8;
  private static final int ACTION_BYTES = 32;
  private static final int STACK_BYTES = 24;

  private static final int SIGILL = 4;
  private static final int SIGTRAP = 5;
  private static final int SIGBUS = 7;
  private static final int SIGFPE = 8;
  private static final int SIGSEGV = 11;
  private static final int[] TAKEN = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};

  private final long scratch;
  private final long saved;

  /**
   * Uses a page of memory for structures.
   *
   * @param page address of 4 KiB that live as long as this object
   */
  HostSignals(long page) {
    scratch = page;
    saved = page + 0x100;
  }

  /** Every signal except those that a case itself raises, as a kernel mask. */
  static long maskOfOthers() {
    long mask = -1;
    for (int signal : TAKEN) {
      mask &= ~(1L << (signal - 1));
    }
    return mask;
  }

  /** Replaces the thread's mask and returns the one before. */
  long mask(long mask) {
    RawMemory.putLong(scratch, mask);
    SystemCall.invoke(
        "rt_sigprocmask", RT_SIGPROCMASK, SIG_SETMASK, scratch, scratch + 8, MASK_BYTES);
    return RawMemory.getLong(scratch + 8);
  }

  /** Gives the thread an alternate signal stack and keeps the one before. */
  void useStack(long address, long size) {
    RawMemory.putLong(scratch, address);
    RawMemory.putLong(scratch + 8, 0);
    RawMemory.putLong(scratch + 16, size);
    SystemCall.invoke("sigaltstack", SIGALTSTACK, scratch, saved);
  }

  /** Gives the thread its former alternate stack again. */
  void restoreStack() {
    RawMemory.copy(saved, scratch, STACK_BYTES);
    if ((RawMemory.getInt(scratch + 8) & SS_DISABLE) != 0) {
      RawMemory.putInt(scratch + 8, SS_DISABLE);
    }
    SystemCall.invoke("sigaltstack", SIGALTSTACK, scratch, 0);
  }

  /**
   * Puts {@code handler} before the process's handlers.
   *
   * @param previous address of the table that receives the former handlers by signal number
   */
  void installHandlers(long handler, long previous) {
    for (int signal : TAKEN) {
      long action = savedAction(signal);
      SystemCall.invoke("rt_sigaction", RT_SIGACTION, signal, 0, action, MASK_BYTES);
      long former = RawMemory.getLong(action);
      RawMemory.putLong(previous + signal * 8L, former <= 1 ? 0 : former);
      RawMemory.copy(action, scratch, ACTION_BYTES);
      RawMemory.putLong(scratch, handler);
      long flags = RawMemory.getLong(action + 8) | SA_SIGINFO | SA_ONSTACK | SA_RESTORER;
      RawMemory.putLong(scratch + 8, flags);
      if (RawMemory.getLong(scratch + 16) == 0) {
        // The kernel wants a restorer; ours is never reached where there was no handler before.
        RawMemory.putLong(scratch + 16, handler);
      }
      SystemCall.invoke("rt_sigaction", RT_SIGACTION, signal, scratch, 0, MASK_BYTES);
    }
  }

  /** Puts the process's former handlers back. */
  void restoreHandlers() {
    for (int signal : TAKEN) {
      SystemCall.invoke("rt_sigaction", RT_SIGACTION, signal, savedAction(signal), 0, MASK_BYTES);
    }
  }

  private long savedAction(int signal) {
    return saved + 0x40 + signal * (long) ACTION_BYTES;
  }
}
