package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_clock_data}: the paravirtual clock of a VM. Source:
 * {@code include/uapi/linux/kvm.h}.
 */
public final class ClockState {
  /** {@code kvm_clock_data.clock}: u64, nanoseconds. */
  public static final int CLOCK = 0;

  /** {@code kvm_clock_data.flags}: u32, the constants below. */
  public static final int FLAGS = 8;

  /**
   * {@code kvm_clock_data.realtime}: u64, nanoseconds since 1970 at the same moment, where the flag
   * is set.
   */
  public static final int REALTIME = 16;

  /**
   * {@code kvm_clock_data.host_tsc}: u64, the host's time stamp at the same moment, where the flag
   * is set.
   */
  public static final int HOST_TSC = 24;

  /** {@code sizeof(struct kvm_clock_data)}: bytes of the structure. */
  public static final int SIZE = 48;

  /** {@code KVM_CLOCK_TSC_STABLE}: bit of FLAGS: all vCPUs see the same clock. */
  public static final int TSC_STABLE = 2;

  /**
   * {@code KVM_CLOCK_REALTIME}: bit of FLAGS; in KVM_SET_CLOCK: advance the clock by the time since
   * REALTIME.
   */
  public static final int HAS_REALTIME = 4;

  /** {@code KVM_CLOCK_HOST_TSC}: bit of FLAGS. */
  public static final int HAS_HOST_TSC = 8;

  private ClockState() {}
}
