package org.wardian.processor.kvm;

import java.util.List;
import java.util.Optional;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.KvmCapability;

/**
 * What the host's KVM is good for, as {@link KvmProbe} found it.
 *
 * @param usable whether a machine can run on it
 * @param fast whether it executes guests on a processor; a KVM that emulates each instruction is
 *     usable, but slower than our own processor
 * @param mips million simple instructions a second that a guest executes; 0 where not measured
 * @param exitMicroseconds what a port access costs, from the guest to us and back, with what our
 *     own code then needs for it; 0 where not measured
 * @param reason one sentence for the user, without a full stop: what was found, and where that is
 *     nothing, why and what to do
 * @param missing capabilities that Wardian needs and this kernel lacks
 * @param modules the kernel's modules behind it, such as {@code kvm_intel}; empty where unknown
 * @param kickMethod how a running vCPU is interrupted, where it was opened
 * @param nested whether the host itself says that it is a virtual machine
 * @param mostVcpus vCPUs that one machine may have; 0 where not known
 * @param supportedCpuid what the kernel could promise to a guest; empty where not known
 */
public record KvmReport(
    boolean usable,
    boolean fast,
    double mips,
    double exitMicroseconds,
    String reason,
    List<KvmCapability> missing,
    List<String> modules,
    Optional<String> kickMethod,
    boolean nested,
    int mostVcpus,
    List<CpuidEntry> supportedCpuid) {
  /** Keeps copies of the lists. */
  public KvmReport {
    missing = List.copyOf(missing);
    modules = List.copyOf(modules);
    supportedCpuid = List.copyOf(supportedCpuid);
  }
}
