package org.wardian.cli;

import java.nio.file.Path;
import org.wardian.daemon.host.Hypervisor;
import org.wardian.definition.capabilities.Cpuid;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.process.assembly.FirmwareFiles;
import org.wardian.processor.kvm.KvmProbe;
import org.wardian.x86.CpuModel;

/** Finds out what machines can be made of on this host, for a daemon to tell. */
final class HostAbilities {
  /** What the clock of our processor is said to be; features do not depend on it. */
  private static final long CLOCK_HZ = 1_000_000_000;

  private HostAbilities() {}

  /** Looks; this takes a few milliseconds where there is a KVM. */
  static Hypervisor of(String emulator) {
    AcceleratorKind kind =
        AcceleratorChoice.of(Accelerator.AUTO, CpuModel.standard(), KvmProbe::probe).kind();
    return new Hypervisor(
        emulator,
        kind == AcceleratorKind.KVM,
        own(),
        FirmwareFiles.uefiImages().stream().map(Path::toString).toList());
  }

  /** Our own processor, as its standard model has it. */
  private static Cpuid own() {
    org.wardian.x86.Cpuid cpuid =
        new org.wardian.x86.Cpuid(CpuModel.standard(), 0, 1, CLOCK_HZ, CLOCK_HZ);
    return (leaf, subleaf) -> {
      cpuid.leaf(leaf, subleaf, true, 0);
      return new Cpuid.Registers(cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx);
    };
  }
}
