package org.wardian.cli;

import java.util.Locale;
import org.wardian.host.HostProcessor;

/** Who executes the guest's instructions: the values of {@code --accelerator}. */
enum Accelerator {
  /** The fastest that this machine has. */
  AUTO,
  /** Wardian's own processor. */
  SOFTWARE,
  /** The host's processor, lent by the kernel. */
  KVM;

  private static final String NO_KVM = "this version of Wardian does not drive KVM yet";

  /**
   * The accelerator that {@code this} comes to on this machine.
   *
   * @throws Failure if it cannot be had
   */
  Accelerator resolve() {
    if (this == KVM) {
      throw new Failure(
          ExitStatus.UNAVAILABLE,
          "accelerator kvm: " + NO_KVM + "; use --accelerator software, which runs anywhere");
    }
    return SOFTWARE;
  }

  /** Why {@link #AUTO} comes to what it comes to, as one phrase. */
  static String reason() {
    HostProcessor.Capability kvm = HostProcessor.kvm();
    return NO_KVM
        + (kvm.available() ? " (this host would lend it)" : " (nor: " + kvm.reason() + ")");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
