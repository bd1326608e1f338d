package org.wardian.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.wardian.machine.PinnedProcessors;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.x86.CpuModel;

/**
 * What {@code ward run} was asked for.
 *
 * @param guest which guest of the catalogue, where there is no kernel
 * @param kernel the user's own, or empty for the default guest's
 * @param initrd the user's own, or empty
 * @param append the kernel's command line, or empty
 * @param memoryBytes the guest's RAM
 * @param processors virtual processors
 * @param pins on which host processors they run
 * @param cpuModel what CPUID promises
 * @param devices devices beside the board's own
 * @param peripherals disks, networks and firmware
 * @param execution who executes the guest, and how
 * @param chips where the interrupt chips live, with KVM
 * @param reboots whether a reset by the guest boots it again
 * @param timestampHz ticks a second of the time-stamp counter; 0 for what costs least
 * @param restoration the saved machine that goes on in place of a start
 * @param timeout how long it may run, or empty for no limit
 */
record RunRequest(
    String guest,
    Optional<Path> kernel,
    Optional<Path> initrd,
    Optional<String> append,
    long memoryBytes,
    int processors,
    PinnedProcessors pins,
    CpuModel cpuModel,
    Set<ExtraDevice> devices,
    DeviceRequest peripherals,
    Execution execution,
    InterruptChips chips,
    boolean reboots,
    long timestampHz,
    Optional<Restoration> restoration,
    Optional<Duration> timeout) {}
