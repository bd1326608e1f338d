package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_vcpu_events}: exceptions, interrupts, NMI and SMI
 * that are pending or being delivered. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class EventState {
  /** {@code kvm_vcpu_events.exception.injected}: u8. */
  public static final int EXCEPTION_INJECTED = 0;

  /** {@code kvm_vcpu_events.exception.nr}: u8, vector. */
  public static final int EXCEPTION_NUMBER = 1;

  /** {@code kvm_vcpu_events.exception.has_error_code}: u8. */
  public static final int EXCEPTION_HAS_ERROR_CODE = 2;

  /** {@code kvm_vcpu_events.exception.pending}: u8, with CAP_EXCEPTION_PAYLOAD. */
  public static final int EXCEPTION_PENDING = 3;

  /** {@code kvm_vcpu_events.exception.error_code}: u32. */
  public static final int EXCEPTION_ERROR_CODE = 4;

  /** {@code kvm_vcpu_events.interrupt.injected}: u8. */
  public static final int INTERRUPT_INJECTED = 8;

  /** {@code kvm_vcpu_events.interrupt.nr}: u8, vector. */
  public static final int INTERRUPT_NUMBER = 9;

  /** {@code kvm_vcpu_events.interrupt.soft}: u8, 1 for INT n. */
  public static final int INTERRUPT_SOFT = 10;

  /** {@code kvm_vcpu_events.interrupt.shadow}: u8, SHADOW_ bits. */
  public static final int INTERRUPT_SHADOW = 11;

  /** {@code kvm_vcpu_events.nmi.injected}: u8. */
  public static final int NMI_INJECTED = 12;

  /** {@code kvm_vcpu_events.nmi.pending}: u8. */
  public static final int NMI_PENDING = 13;

  /** {@code kvm_vcpu_events.nmi.masked}: u8, 1 until IRET. */
  public static final int NMI_MASKED = 14;

  /** {@code kvm_vcpu_events.sipi_vector}: u32, page of the start-up interrupt. */
  public static final int SIPI_VECTOR = 16;

  /** {@code kvm_vcpu_events.flags}: u32, VALID_ bits. */
  public static final int FLAGS = 20;

  /** {@code kvm_vcpu_events.smi.smm}: u8. */
  public static final int SMI_SMM = 24;

  /** {@code kvm_vcpu_events.smi.pending}: u8. */
  public static final int SMI_PENDING = 25;

  /** {@code kvm_vcpu_events.smi.smm_inside_nmi}: u8. */
  public static final int SMI_INSIDE_NMI = 26;

  /** {@code kvm_vcpu_events.smi.latched_init}: u8. */
  public static final int SMI_LATCHED_INIT = 27;

  /** {@code kvm_vcpu_events.triple_fault.pending}: u8. */
  public static final int TRIPLE_FAULT_PENDING = 28;

  /** {@code kvm_vcpu_events.exception_has_payload}: u8. */
  public static final int EXCEPTION_HAS_PAYLOAD = 55;

  /** {@code kvm_vcpu_events.exception_payload}: u64, DR6 or CR2. */
  public static final int EXCEPTION_PAYLOAD = 56;

  /** {@code sizeof(struct kvm_vcpu_events)}: bytes of the structure. */
  public static final int SIZE = 64;

  /** {@code KVM_VCPUEVENT_VALID_NMI_PENDING}: bit of FLAGS. */
  public static final int VALID_NMI_PENDING = 1;

  /** {@code KVM_VCPUEVENT_VALID_SIPI_VECTOR}: bit of FLAGS. */
  public static final int VALID_SIPI_VECTOR = 2;

  /** {@code KVM_VCPUEVENT_VALID_SHADOW}: bit of FLAGS. */
  public static final int VALID_SHADOW = 4;

  /** {@code KVM_VCPUEVENT_VALID_SMM}: bit of FLAGS. */
  public static final int VALID_SMM = 8;

  /** {@code KVM_VCPUEVENT_VALID_PAYLOAD}: bit of FLAGS. */
  public static final int VALID_PAYLOAD = 16;

  /** {@code KVM_VCPUEVENT_VALID_TRIPLE_FAULT}: bit of FLAGS. */
  public static final int VALID_TRIPLE_FAULT = 32;

  /** {@code KVM_X86_SHADOW_INT_MOV_SS}: bit of INTERRUPT_SHADOW. */
  public static final int SHADOW_MOV_SS = 1;

  /** {@code KVM_X86_SHADOW_INT_STI}: bit of INTERRUPT_SHADOW. */
  public static final int SHADOW_STI = 2;

  private EventState() {}
}
