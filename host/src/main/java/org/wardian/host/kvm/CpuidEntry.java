package org.wardian.host.kvm;

/**
 * One leaf of CPUID: {@code struct kvm_cpuid_entry2}.
 *
 * @param function EAX at the instruction
 * @param index ECX at the instruction, where {@link #SIGNIFICANT_INDEX} is set
 * @param flags {@link #SIGNIFICANT_INDEX} and others
 * @param eax result
 * @param ebx result
 * @param ecx result
 * @param edx result
 */
public record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
  /** {@code KVM_CPUID_FLAG_SIGNIFCANT_INDEX}: the entry is for one value of ECX only. */
  public static final int SIGNIFICANT_INDEX = 1;

  /** {@code KVM_CPUID_FLAG_STATEFUL_FUNC}: of kernels before 5.7. */
  public static final int STATEFUL_FUNCTION = 2;

  /** {@code KVM_CPUID_FLAG_STATE_READ_NEXT}: of kernels before 5.7. */
  public static final int STATE_READ_NEXT = 4;
}
