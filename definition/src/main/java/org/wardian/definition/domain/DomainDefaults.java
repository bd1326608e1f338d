package org.wardian.definition.domain;

import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * What a daemon fills in where a document says nothing.
 *
 * @param emulator the path of the program that runs a machine
 * @param variablesFolder where new firmware variables are kept, such as {@code
 *     /var/lib/libvirt/qemu/nvram}
 * @param random what uuids and hardware addresses are made of
 * @param hardware which chips stand for those that a document does not name
 * @param kvm whether the host's processor runs guests
 */
public record DomainDefaults(
    String emulator,
    String variablesFolder,
    RandomGenerator random,
    Hardware hardware,
    boolean kvm) {
  /** Those of a host whose processor runs guests. */
  public DomainDefaults(
      String emulator, String variablesFolder, RandomGenerator random, Hardware hardware) {
    this(emulator, variablesFolder, random, hardware, true);
  }

  /**
   * The chips of a machine.
   *
   * @param network a network card
   * @param video a graphics card
   * @param scsi a SCSI controller
   * @param usb whether a machine has a USB controller that nobody asked for
   */
  public record Hardware(String network, String video, String scsi, boolean usb) {
    /** Those that libvirt takes for QEMU 7.2 with all its devices. */
    public static final Hardware QEMU = new Hardware("rtl8139", "cirrus", "lsilogic", true);

    /** Those that our machine has. */
    public static final Hardware OWN = new Hardware("e1000", "vga", "virtio-scsi", false);
  }

  /** The newest board of each family, by the number in QEMU's names. */
  public static final String NEWEST_BOARD = "7.2";

  /** The board that {@code pc} stands for. */
  public static final String PC = "pc-i440fx-" + NEWEST_BOARD;

  /** The board that {@code q35} stands for. */
  public static final String Q35 = "pc-q35-" + NEWEST_BOARD;

  private static final List<String> VERSIONS =
      List.of(
          "7.2", "7.1", "7.0", "6.2", "6.1", "6.0", "5.2", "5.1", "5.0", "4.2", "4.1", "4.0", "3.1",
          "3.0", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4");

  /** Values of {@code <domain type>} that libvirt knows, which are not all to be had. */
  public static final Set<String> TYPES =
      Set.of(
          "qemu",
          "kqemu",
          "kvm",
          "xen",
          "lxc",
          "uml",
          "openvz",
          "test",
          "vmware",
          "hyperv",
          "vbox",
          "phyp",
          "parallels",
          "bhyve",
          "vz",
          "hvf");

  /**
   * The names of all boards with a version, the newest first: guests made under QEMU name them, and
   * find the same board.
   */
  public static final List<String> BOARDS =
      IntStream.range(0, VERSIONS.size())
          .boxed()
          .flatMap(
              i -> List.of("pc-i440fx-" + VERSIONS.get(i), "pc-q35-" + VERSIONS.get(i)).stream())
          .toList();

  /** The name that an alias of a board stands for; others stay. */
  public static String canonicalBoard(String name) {
    return switch (name) {
      case "", "pc" -> PC;
      case "q35" -> Q35;
      default -> name;
    };
  }
}
