package org.wardian.host.kvm;

/**
 * A way to make KVM_RUN return on the thread that is inside it, also while the vCPU is halted in
 * the kernel. It may come late: then the next KVM_RUN returns at once, which the caller of {@link
 * KvmCpu#run()} must bear with.
 */
sealed interface Kick permits UringKick, SignalKick {
  /** On the thread that runs the vCPU, before each KVM_RUN. */
  void prepare();

  /** From any thread: interrupts the KVM_RUN of the thread that called {@link #prepare()} last. */
  void send();

  /** On the thread that runs the vCPU, after KVM_RUN was interrupted. */
  void settle();

  /** Name and cost in words, for the user. */
  String method();

  /** Frees all; nobody is between {@link #prepare()} and {@link #settle()}. */
  void close();

  /** Refuses a virtual thread: for the kernel it is another thread after each of its pauses. */
  static void requirePlatformThread() {
    Thread self = Thread.currentThread();
    if (self.isVirtual()) {
      throw new IllegalStateException("a vCPU runs on a platform thread, not on " + self);
    }
  }
}
