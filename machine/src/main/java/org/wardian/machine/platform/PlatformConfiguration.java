package org.wardian.machine.platform;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.HostMemory;
import org.wardian.x86.CpuModel;

/**
 * What a {@link Platform} is made of.
 *
 * @param accelerator who executes
 * @param memoryBytes RAM, a multiple of 4096; 0 for none, to which regions can be added
 * @param hostMemory where the host keeps it
 * @param processors virtual processors
 * @param cpuModel what CPUID promises
 * @param chips where the interrupt chips live; without meaning but for KVM
 * @param translator how our own processor executes; without meaning for KVM
 * @param timestampHz ticks a second of the guest's time-stamp counter; 0 for what costs least
 */
public record PlatformConfiguration(
    AcceleratorKind accelerator,
    long memoryBytes,
    HostMemory hostMemory,
    int processors,
    CpuModel cpuModel,
    InterruptChips chips,
    Translator translator,
    long timestampHz) {
  /** The slowest time-stamp counter. */
  public static final long LEAST_TIMESTAMP_HZ = 1_000_000;

  /** The fastest time-stamp counter. */
  public static final long MOST_TIMESTAMP_HZ = 9_000_000_000L;

  /** A configuration whose code our own processor translates where the host allows it. */
  public PlatformConfiguration(
      AcceleratorKind accelerator,
      long memoryBytes,
      int processors,
      CpuModel cpuModel,
      InterruptChips chips) {
    this(
        accelerator,
        memoryBytes,
        HostMemory.PRIVATE,
        processors,
        cpuModel,
        chips,
        Translator.AUTO,
        0);
  }

  /** Checks sizes. */
  public PlatformConfiguration {
    if (memoryBytes < 0 || memoryBytes % GuestMemory.PAGE != 0) {
      throw new IllegalArgumentException("memory of " + memoryBytes + " bytes");
    }
    if (processors < 1) {
      throw new IllegalArgumentException(processors + " virtual processors");
    }
    if (timestampHz != 0
        && (timestampHz < LEAST_TIMESTAMP_HZ
            || timestampHz > MOST_TIMESTAMP_HZ
            || timestampHz % 1000 != 0)) {
      throw new IllegalArgumentException(
          "a time-stamp counter has 1 MHz to 9 GHz in whole kHz, not " + timestampHz + " Hz");
    }
  }
}
