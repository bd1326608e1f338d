package org.wardian.machine.platform;

/** Who executes a machine's code. */
public enum AcceleratorKind {
  /** Wardian's own processor; anywhere. */
  SOFTWARE,

  /** The host's processor, lent by the Linux kernel through /dev/kvm. */
  KVM;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
