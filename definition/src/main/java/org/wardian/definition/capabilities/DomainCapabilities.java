package org.wardian.definition.capabilities;

import java.util.List;
import java.util.Set;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/**
 * What one kind of machine can have: {@code <domainCapabilities>}. It names only what our machines
 * do have.
 */
public final class DomainCapabilities {
  private static final Set<String> ARCHITECTURES = Set.of("x86_64", "i686");

  private DomainCapabilities() {}

  /**
   * The document for what a client asks for; null is whatever there is.
   *
   * @param emulator the path of the program
   * @param architecture x86_64 or i686
   * @param machine a board, or an alias of one
   * @param type qemu or kvm
   * @throws XmlException where there is no such machine
   */
  public static String write(
      MachineAbilities abilities, String emulator, String architecture, String machine, String type)
      throws XmlException {
    if (type != null && !DomainDefaults.TYPES.contains(type)) {
      throw argument("unknown virttype: " + type);
    }
    String arch = architecture == null ? "x86_64" : architecture;
    if (!ARCHITECTURES.contains(arch)) {
      throw architecture(abilities, emulator, arch);
    }
    if (emulator != null && !emulator.equals(abilities.emulator())) {
      throw new XmlException(
          Kind.INVALID_ARGUMENT,
          XmlException.QEMU_ORIGIN,
          "'"
              + emulator
              + "' is not the program that runs machines here, which is '"
              + abilities.emulator()
              + "'");
    }
    String domain = type != null ? type : abilities.kvm() ? "kvm" : "qemu";
    boolean accelerated = domain.equals("kvm");
    if (!domain.equals("qemu") && !(accelerated && abilities.kvm())) {
      throw argument(
          "the accel '"
              + (accelerated ? "kvm" : "tcg")
              + "' is not supported by '"
              + abilities.emulator()
              + "' on this host");
    }
    String board = DomainDefaults.canonicalBoard(machine == null ? "" : machine);
    if (!DomainDefaults.BOARDS.contains(board)) {
      throw argument(
          "the machine '"
              + machine
              + "' is not supported by emulator '"
              + abilities.emulator()
              + "'");
    }
    return document(abilities, domain, board, arch).toString();
  }

  private static XmlException architecture(
      MachineAbilities abilities, String emulator, String arch) {
    if (!Set.of("aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "mips", "sparc")
        .contains(arch)) {
      return argument("unknown architecture: " + arch);
    }
    return emulator != null && emulator.equals(abilities.emulator())
        ? argument(
            "architecture from emulator 'x86_64' doesn't match given architecture '" + arch + "'")
        : new XmlException(
            Kind.UNSUPPORTED,
            XmlException.QEMU_ORIGIN,
            "unable to find any emulator to serve '" + arch + "' architecture");
  }

  private static XmlException argument(String words) {
    return new XmlException(Kind.INVALID_ARGUMENT, XmlException.QEMU_ORIGIN, words);
  }

  private static XmlElement document(
      MachineAbilities abilities, String domain, String board, String arch) {
    XmlElement root = new XmlElement("domainCapabilities");
    root.append("path").text(abilities.emulator());
    root.append("domain").text(domain);
    root.append("machine").text(board);
    root.append("arch").text(arch);
    int most =
        board.startsWith("pc-q35")
            ? CapabilitiesDocument.MOST_ON_Q35
            : CapabilitiesDocument.MOST_ON_PC;
    root.append("vcpu").set("max", Math.min(most, abilities.mostProcessors()));
    supported(root, "iothreads", true);
    operatingSystem(supported(root, "os", true), abilities);
    processor(root.append("cpu"), abilities, domain.equals("kvm"));
    values(supported(root, "memoryBacking", true), "sourceType", MachineAbilities.MEMORY);
    devices(root.append("devices"));
    XmlElement features = root.append("features");
    for (String feature : List.of("gic", "vmcoreinfo", "genid")) {
      supported(features, feature, false);
    }
    supported(features, "backingStoreInput", true);
    supported(features, "backup", true);
    for (String feature : List.of("sev", "sgx")) {
      supported(features, feature, false);
    }
    return root;
  }

  private static void operatingSystem(XmlElement os, MachineAbilities abilities) {
    boolean efi = !abilities.firmware().isEmpty();
    values(os, "firmware", efi ? List.of("efi") : List.of());
    XmlElement loader = supported(os, "loader", true);
    abilities.firmware().forEach(path -> loader.append("value").text(path));
    values(loader, "type", List.of("rom", "pflash"));
    values(loader, "readonly", List.of("yes", "no"));
    values(loader, "secure", List.of("no"));
  }

  private static void processor(XmlElement cpu, MachineAbilities abilities, boolean kvm) {
    XmlElement passthrough = mode(cpu, "host-passthrough", kvm);
    if (kvm) {
      values(passthrough, "hostPassthroughMigratable", List.of("on", "off"));
    }
    values(mode(cpu, "maximum", true), "maximumMigratable", List.of("on", "off"));
    HostModel best = abilities.hostModel(kvm);
    XmlElement hostModel = mode(cpu, "host-model", true);
    hostModel.append("model").set("fallback", "forbid").text(best.name());
    if (!best.vendor().isEmpty()) {
      hostModel.append("vendor").text(best.vendor());
    }
    best.besides()
        .forEach(
            feature -> hostModel.append("feature").set("policy", "require").set("name", feature));
    XmlElement custom = mode(cpu, "custom", true);
    Set<String> usable = CpuModels.within(best.features());
    for (String name : CpuModels.names()) {
      String made = CpuModels.model(name).map(CpuModels.Model::vendor).orElse("");
      custom
          .append("model")
          .set("usable", usable.contains(name) ? "yes" : "no")
          .set("vendor", made.isEmpty() ? "unknown" : made)
          .text(name);
    }
  }

  private static XmlElement mode(XmlElement cpu, String name, boolean isThere) {
    return cpu.append("mode").set("name", name).set("supported", isThere ? "yes" : "no");
  }

  private static void devices(XmlElement devices) {
    XmlElement disk = supported(devices, "disk", true);
    values(disk, "diskDevice", MachineAbilities.DISK_DEVICES);
    values(disk, "bus", MachineAbilities.DISK_BUSES);
    values(disk, "model", MachineAbilities.VIRTIO);
    values(supported(devices, "graphics", true), "type", MachineAbilities.GRAPHICS);
    values(supported(devices, "video", true), "modelType", MachineAbilities.VIDEO);
    supported(devices, "hostdev", false);
    XmlElement random = supported(devices, "rng", true);
    values(random, "model", MachineAbilities.VIRTIO);
    values(random, "backendModel", MachineAbilities.RANDOM);
    values(supported(devices, "filesystem", true), "driverType", MachineAbilities.FILESYSTEMS);
    supported(devices, "tpm", false);
    supported(devices, "redirdev", false);
    values(supported(devices, "channel", true), "type", MachineAbilities.CHANNELS);
  }

  private static XmlElement supported(XmlElement parent, String name, boolean isThere) {
    return parent.append(name).set("supported", isThere ? "yes" : "no");
  }

  private static void values(XmlElement parent, String name, List<String> values) {
    XmlElement element = parent.append("enum").set("name", name);
    values.forEach(value -> element.append("value").text(value));
  }
}
