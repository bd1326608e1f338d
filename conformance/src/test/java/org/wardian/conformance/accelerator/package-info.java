/**
 * One suite of tiny guests that runs, by name, on each accelerator: on our own processor, on KVM
 * with split interrupt chips and on KVM with all of them in the kernel. It talks to {@link
 * org.wardian.machine.platform.Platform} alone, so that whatever passes here behaves the same for a
 * machine.
 *
 * <p>Guests stand in {@code src/test/guests/accelerator}, one file for each group, and are recorded
 * assembled among the test resources, so that the suite needs neither an assembler nor a source
 * tree: a class path with the test classes, the resources and JUnit is enough. A guest ends by
 * writing to the "done" port, which kicks the vCPU; one that hangs is kicked after {@link
 * Guest#LIMIT} and fails with its registers shown.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code wardian.kvm.required=true}: a host without a usable {@code /dev/kvm} fails the KVM
 *       columns instead of leaving them out;
 *   <li>{@code wardian.fuzz.iterations}: mutated states for each column of {@link
 *       HostileStateTest};
 *   <li>{@code wardian.guest.rounds}: rounds of an undisturbed calculation of {@link
 *       MovedCalculationTest}, if not 300 000;
 *   <li>{@code wardian.guest.limit}: seconds after which a guest counts as hung, if not 300;
 *   <li>{@code wardian.guest.tss}: the attributes of TR in guests of protected and long mode, if
 *       not {@code 0x8b}; for an emulated processor that denies ports to users where it is busy.
 * </ul>
 *
 * <p>Where a KVM that interprets guest code deviates from the architecture, {@link KvmDeviations}
 * names the test, what is seen and why; such a test is reported as aborted only after it failed in
 * exactly that way, and never on a KVM that executes guests in hardware.
 */
package org.wardian.conformance.accelerator;
