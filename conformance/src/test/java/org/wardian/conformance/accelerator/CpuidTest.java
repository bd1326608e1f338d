package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/** CPUID tells what the model promises, and nothing else. */
@OnEachAccelerator.Suite
class CpuidTest {
  /** Bits that follow the processor's state or its place in the machine, not the model. */
  private static final Set<Feature> OF_STATE = EnumSet.of(Feature.APIC);

  private static EnumSet<Feature> told(Monitor monitor) {
    EnumSet<Feature> told = EnumSet.noneOf(Feature.class);
    for (Feature feature : Feature.values()) {
      int[] registers = monitor.cpuid(feature.leaf(), feature.subleaf());
      if ((feature.in(registers[0], registers[1], registers[2], registers[3]) & feature.mask())
          != 0) {
        told.add(feature);
      }
    }
    return told;
  }

  @OnEachAccelerator
  void featuresAreThoseOfTheModel(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      CpuModel model = accelerator.model();
      EnumSet<Feature> told = told(monitor);
      told.addAll(OF_STATE);
      EnumSet<Feature> invented = EnumSet.copyOf(told);
      invented.removeAll(model.features());
      assertThat(invented).as("told but not promised").isEmpty();
      if (accelerator.isKvm()) {
        assertThat(told).as("all that the model's name stands for").containsAll(model.level());
      } else {
        assertThat(told).isEqualTo(model.features());
      }
    }
  }

  @OnEachAccelerator
  void aHypervisorIsThere(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      int[] leaf = monitor.cpuid(0x4000_0000, 0);
      assertThat(leaf[1]).as("KVMK").isEqualTo(0x4b4d_564b);
      assertThat(leaf[2]).as("VMKV").isEqualTo(0x564b_4d56);
      assertThat(leaf[3]).as("M").isEqualTo(0x4d);
      // The clock by the newer MSRs, steady over processors.
      assertThat(monitor.cpuid(0x4000_0001, 0)[0] & 8).isEqualTo(8);
      assertThat(monitor.cpuid(0x4000_0010, 0)[0] & 0xffff_ffffL)
          .as("kHz of the time-stamp counter")
          .isEqualTo(monitor.guest.platform.timestampHz() / 1000);
    }
  }

  @OnEachAccelerator
  void oneProcessorIsThere(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      int[] leaf = monitor.cpuid(1, 0);
      assertThat(leaf[1] >>> 24).as("APIC identifier").isZero();
      assertThat(leaf[3] >>> 28 & 1).as("several processors in the package").isZero();
      assertThat(monitor.cpuid(0x8000_0008, 0)[0] >>> 8 & 0xff).as("linear bits").isEqualTo(48);
    }
  }

  @OnEachAccelerator
  void leavesDependOnTheStateWhereTheyShould(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      long base = monitor.readMsr(0x1b);
      assertThat(monitor.cpuid(1, 0)[3] >>> 9 & 1).as("local APIC on").isEqualTo(1);
      monitor.writeMsr(0x1b, base & ~0x800L);
      assertThat(monitor.cpuid(1, 0)[3] >>> 9 & 1).as("local APIC off").isZero();
      monitor.writeMsr(0x1b, base);
      assertThat(monitor.cpuid(1, 0)[3] >>> 9 & 1).as("local APIC on").isEqualTo(1);
    }
  }
}
