package org.wardian.definition.capabilities;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What machines can have, for {@code <domainCapabilities>}.
 *
 * @param emulator the path of the program that runs machines
 * @param kvm whether the host's processor runs guests
 * @param host the host's processor
 * @param guestFeatures what our own processor has, by name; see {@link CpuFeatures#of}
 * @param firmware paths of UEFI images; none where there is none
 * @param mostProcessors that a machine may have, below what a board may
 */
public record MachineAbilities(
    String emulator,
    boolean kvm,
    HostProcessor host,
    Set<String> guestFeatures,
    List<String> firmware,
    int mostProcessors) {
  static final List<String> DISK_DEVICES = List.of("disk", "cdrom", "floppy");
  static final List<String> DISK_BUSES = List.of("ide", "fdc", "scsi", "virtio", "sata");
  static final List<String> VIRTIO =
      List.of("virtio", "virtio-transitional", "virtio-non-transitional");
  static final List<String> GRAPHICS = List.of("vnc");
  static final List<String> VIDEO = List.of("vga", "none");
  static final List<String> RANDOM = List.of("random", "builtin");
  static final List<String> FILESYSTEMS = List.of("path");
  static final List<String> CHANNELS = List.of("pty", "unix");
  static final List<String> MEMORY = List.of("anonymous", "memfd");

  /** What the kernel's machines have even where the host's processor does not say so. */
  private static final Set<String> OF_KERNEL =
      Set.of("apic", "x2apic", "tsc-deadline", "hypervisor");

  /** A copy. */
  public MachineAbilities {
    guestFeatures = Set.copyOf(guestFeatures);
    firmware = List.copyOf(firmware);
  }

  /**
   * What a guest's processor has, by name: what our own has, and on the host's processor of that
   * what the host has.
   *
   * @param onHost whether the host's processor runs it ({@code kvm})
   */
  Set<String> guestFeatures(boolean onHost) {
    Set<String> features = new HashSet<>(CpuFeatures.forGuests(guestFeatures, false));
    if (onHost) {
      features.removeIf(name -> !host.features().contains(name) && !OF_KERNEL.contains(name));
    }
    return features;
  }

  /**
   * The processor that a guest's {@code host-model} is.
   *
   * @param onHost whether the host's processor runs it ({@code kvm})
   */
  public HostModel hostModel(boolean onHost) {
    return HostModel.of(guestFeatures(onHost), onHost ? host.vendor() : "Intel");
  }
}
