package org.wardian.conformance.accelerator;

import org.wardian.processor.Exit;

/**
 * Whether this host's KVM interprets guest code instead of running it: a KVM without virtualization
 * extensions beneath it, such as one nested in software. Its interpreter is the kernel's
 * instruction emulator, which knows what drivers do to device registers and little else: it does
 * not know FLD1.
 */
final class InterpretingKvm {
  private InterpretingKvm() {}

  /** Only to be asked where KVM is there. */
  static boolean found() {
    return Answer.FOUND;
  }

  private static final class Answer {
    static final boolean FOUND = look();

    private static boolean look() {
      try (Guest guest = Guest.on(Accelerator.KVM_SPLIT, "exceptions")) {
        guest.enter(GuestMode.LONG, "no_coprocessor_user");
        return guest.run() == Exit.FAILED;
      }
    }
  }
}
