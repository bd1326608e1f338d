package org.wardian.machine.platform;

/** Where the interrupt chips of a machine on KVM live; with our own processor all are ours. */
public enum InterruptChips {
  /**
   * Local APICs in the kernel, where every interrupt needs them; I/O APIC, PICs and PIT are our
   * own. The kernel then holds no more of the guest than it must.
   */
  SPLIT,

  /** All in the kernel, the PIT too: fewest exits for a guest that uses PICs and PIT. */
  KERNEL;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
