package org.wardian.process.assembly;

import java.util.Locale;

/** Who executes the guest's instructions: the values of {@code --accelerator}. */
public enum Accelerator {
  /** KVM where it executes guests on a processor, otherwise Wardian's own. */
  AUTO,
  /** The host's processor, lent by the kernel. */
  KVM,
  /** Wardian's own processor. */
  SOFTWARE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
