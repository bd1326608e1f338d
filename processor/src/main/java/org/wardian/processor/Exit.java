package org.wardian.processor;

/** Why {@link Vcpu#run} returned: what only the machine can decide. */
public enum Exit {
  /** Somebody called {@link Vcpu#kick}. */
  STOPPED,

  /** HLT with interrupts disabled: nothing but NMI, INIT or a reset can go on. */
  HALTED,

  /** A fault while a double fault was delivered; a PC resets. */
  TRIPLE_FAULT,

  /** A breakpoint of the debugger outside the guest. */
  DEBUG,

  /** The accelerator cannot go on; {@link Vcpu#failure} says why. The state is left for a look. */
  FAILED
}
