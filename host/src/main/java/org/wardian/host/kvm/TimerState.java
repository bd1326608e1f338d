package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_pit_state2}: the 8254 in the kernel: three channels
 * of CHANNEL_SIZE bytes, whose fields are the CHANNEL_ constants. Source: {@code
 * include/uapi/linux/kvm.h}.
 */
public final class TimerState {
  /** {@code kvm_pit_state2.channels}: 3 of CHANNEL_SIZE bytes. */
  public static final int CHANNELS = 0;

  /** {@code kvm_pit_state2.flags}: u32, FLAG_ bits. */
  public static final int FLAGS = 72;

  /** {@code sizeof(struct kvm_pit_state2)}: bytes of the structure. */
  public static final int SIZE = 112;

  /** {@code kvm_pit_channel_state.count}: u32, reload value, 1 to 65536. */
  public static final int CHANNEL_COUNT = 0;

  /** {@code kvm_pit_channel_state.latched_count}: u16. */
  public static final int CHANNEL_LATCHED_COUNT = 4;

  /** {@code kvm_pit_channel_state.count_latched}: u8. */
  public static final int CHANNEL_COUNT_LATCHED = 6;

  /** {@code kvm_pit_channel_state.status_latched}: u8. */
  public static final int CHANNEL_STATUS_LATCHED = 7;

  /** {@code kvm_pit_channel_state.status}: u8. */
  public static final int CHANNEL_STATUS = 8;

  /** {@code kvm_pit_channel_state.read_state}: u8. */
  public static final int CHANNEL_READ_STATE = 9;

  /** {@code kvm_pit_channel_state.write_state}: u8. */
  public static final int CHANNEL_WRITE_STATE = 10;

  /** {@code kvm_pit_channel_state.write_latch}: u8. */
  public static final int CHANNEL_WRITE_LATCH = 11;

  /** {@code kvm_pit_channel_state.rw_mode}: u8, access mode of the control word. */
  public static final int CHANNEL_ACCESS = 12;

  /** {@code kvm_pit_channel_state.mode}: u8. */
  public static final int CHANNEL_MODE = 13;

  /** {@code kvm_pit_channel_state.bcd}: u8. */
  public static final int CHANNEL_BCD = 14;

  /** {@code kvm_pit_channel_state.gate}: u8. */
  public static final int CHANNEL_GATE = 15;

  /**
   * {@code kvm_pit_channel_state.count_load_time}: s64, nanoseconds of the host's monotonic clock.
   */
  public static final int CHANNEL_LOAD_TIME = 16;

  /** {@code sizeof(struct kvm_pit_channel_state)}: bytes of a channel. */
  public static final int CHANNEL_SIZE = 24;

  /** {@code KVM_PIT_FLAGS_HPET_LEGACY}: bit of FLAGS: the HPET has taken the timer's interrupt. */
  public static final int FLAG_HPET_LEGACY = 1;

  /** {@code KVM_PIT_FLAGS_SPEAKER_DATA_ON}: bit of FLAGS: bit 1 of port 61h. */
  public static final int FLAG_SPEAKER_DATA_ON = 2;

  /** {@code KVM_PIT_SPEAKER_DUMMY}: flag of KVM_CREATE_PIT2: the kernel answers port 61h too. */
  public static final int SPEAKER_DUMMY = 1;

  private TimerState() {}
}
