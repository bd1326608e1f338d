package org.wardian.definition.domain;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** What libvirt refuses of a domain when it is defined, in its words; devices apart. */
final class DomainChecks {
  /** The most processors of a board, by libvirt's table of QEMU's boards. */
  private static final int MOST_ON_PC = 255;

  private static final int MOST_ON_Q35 = 288;

  /** More devices than any board has places for. */
  private static final int MOST_DEVICES = 2048;

  private static final Set<String> OS_TYPES = Set.of("hvm", "xen", "linux", "exe", "uml", "xenpvh");

  private static final Set<String> ACTIONS =
      Set.of("destroy", "restart", "preserve", "rename-restart");

  private static final Set<String> FEATURES =
      Set.of(
          "acpi",
          "apic",
          "pae",
          "hap",
          "viridian",
          "privnet",
          "hyperv",
          "kvm",
          "pvspinlock",
          "capabilities",
          "pmu",
          "vmport",
          "gic",
          "smm",
          "ioapic",
          "hpt",
          "vmcoreinfo",
          "htm",
          "nested-hv",
          "msrs",
          "ccf-assist",
          "xen",
          "cfpc",
          "sbbc",
          "ibs",
          "tcg",
          "async-teardown");

  private static final Set<String> HYPERV =
      Set.of(
          "relaxed",
          "vapic",
          "spinlocks",
          "vpindex",
          "runtime",
          "synic",
          "stimer",
          "reset",
          "vendor_id",
          "frequencies",
          "reenlightenment",
          "tlbflush",
          "ipi",
          "evmcs",
          "avic");

  private DomainChecks() {}

  /** Looks for what is refused although nothing else that is unknown is. */
  static void unknown(XmlElement root) throws XmlException {
    XmlElement features = root.child("features");
    if (features != null) {
      for (XmlElement feature : features.children()) {
        if (!FEATURES.contains(feature.name())) {
          throw XmlException.unsupported("unexpected feature '" + feature.name() + "'");
        }
      }
      XmlElement hyperv = features.child("hyperv");
      if (hyperv != null) {
        for (XmlElement feature : hyperv.children()) {
          if (!HYPERV.contains(feature.name())) {
            throw XmlException.unsupported(
                "unsupported HyperV Enlightenment feature: " + feature.name());
          }
        }
      }
    }
    if (root.child("devices").children().size() > MOST_DEVICES) {
      throw XmlException.unsupported("a domain has up to " + MOST_DEVICES + " devices");
    }
    if (root.child("devices").children("memballoon").size() > 1) {
      throw new XmlException(Kind.INTERNAL, "only a single memory balloon device is supported");
    }
  }

  /** Looks at what the document says, before anything is filled in. */
  static void before(DomainDocument document) throws XmlException {
    XmlElement root = document.root();
    if (root.attribute("type") == null) {
      throw new XmlException(Kind.INTERNAL, "missing domain type attribute");
    }
    if (!DomainDefaults.TYPES.contains(document.type())) {
      throw XmlException.unsupported("invalid domain type " + document.type());
    }
    name(document.name());
    String title = root.textAt("title");
    if (title != null && title.indexOf('\n') >= 0) {
      throw XmlException.badContent("Domain title can't contain newlines");
    }
    operatingSystem(root.child("os"));
    cpu(root.child("cpu"));
    actions(root);
    tuning(root);
    String threads = root.textAt("iothreads");
    if (threads != null && Values.integer(threads).orElse(-1) < 0) {
      throw XmlException.badContent("invalid iothreads count '" + threads + "'");
    }
    if ("timezone".equals(root.attributeAt("clock", "offset"))
        && root.attributeAt("clock", "timezone") == null) {
      throw new XmlException(
          Kind.INTERNAL, "missing 'timezone' attribute for clock with offset='timezone'");
    }
  }

  /** Looks at a name, which is also that of files. */
  static void name(String name) throws XmlException {
    if (name.isEmpty()) {
      throw new XmlException(Kind.NO_NAME, "");
    }
    if (name.indexOf('/') >= 0) {
      throw XmlException.badContent("name " + name + " cannot contain '/'");
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) < ' ' || name.charAt(i) == 0x7f) {
        throw new XmlException(
            Kind.NOT_WELL_FORMED,
            XmlException.XML_ORIGIN,
            "invalid char in name: " + name.charAt(i));
      }
    }
    if (name.equals(".") || name.equals("..")) {
      throw new XmlException(Kind.INVALID_ARGUMENT, "name '" + name + "' is that of a folder");
    }
  }

  private static void operatingSystem(XmlElement os) throws XmlException {
    String type = os.textAt("type");
    if (type == null || type.isEmpty()) {
      throw XmlException.badContent("an os <type> must be specified");
    }
    if (!OS_TYPES.contains(type)) {
      throw XmlException.unsupported("unknown OS type '" + type + "'");
    }
    String firmware = os.attribute("firmware");
    if (firmware != null && !firmware.equals("bios") && !firmware.equals("efi")) {
      throw XmlException.badContent("unknown firmware value " + firmware);
    }
    String architecture = os.attributeAt("type", "arch");
    if (architecture != null && !Architectures.KNOWN.contains(architecture)) {
      throw XmlException.unsupported("Unknown architecture " + architecture);
    }
    if (architecture != null && !Architectures.OWN.contains(architecture)) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "No emulator found for arch '" + architecture + "'");
    }
  }

  private static void cpu(XmlElement cpu) throws XmlException {
    if (cpu == null) {
      return;
    }
    String mode = cpu.attribute("mode");
    if (mode != null
        && !Set.of("custom", "host-model", "host-passthrough", "maximum").contains(mode)) {
      throw new XmlException(
          Kind.UNSUPPORTED, XmlException.CPU_ORIGIN, "Invalid mode attribute '" + mode + "'");
    }
    String fallback = cpu.attributeAt("model", "fallback");
    if (fallback != null && !fallback.equals("allow") && !fallback.equals("forbid")) {
      throw new XmlException(
          Kind.UNSUPPORTED, XmlException.CPU_ORIGIN, "Invalid fallback attribute");
    }
    List<XmlElement> features = cpu.children("feature");
    String model = cpu.textAt("model");
    if (!features.isEmpty()
        && (model == null || model.isEmpty())
        && (mode == null || mode.equals("custom"))) {
      throw new XmlException(
          Kind.BAD_CONTENT,
          XmlException.CPU_ORIGIN,
          "Non-empty feature list specified without CPU model");
    }
    Set<String> names = new HashSet<>();
    for (XmlElement feature : features) {
      String policy = feature.attribute("policy", "require");
      if (!Set.of("force", "require", "optional", "disable", "forbid").contains(policy)) {
        throw new XmlException(
            Kind.UNSUPPORTED, XmlException.CPU_ORIGIN, "Invalid CPU feature policy");
      }
      String name = feature.attribute("name", "");
      if (name.isEmpty()) {
        throw new XmlException(
            Kind.BAD_CONTENT, XmlException.CPU_ORIGIN, "Invalid CPU feature name");
      }
      if (!names.add(name)) {
        throw new XmlException(
            Kind.BAD_CONTENT,
            XmlException.CPU_ORIGIN,
            "CPU feature '" + name + "' specified more than once");
      }
    }
  }

  private static void actions(XmlElement root) throws XmlException {
    for (String name : List.of("on_poweroff", "on_reboot", "on_crash")) {
      String action = root.textAt(name);
      boolean isKnown =
          action == null
              || action.isEmpty()
              || ACTIONS.contains(action)
              || (name.equals("on_crash")
                  && Set.of("coredump-destroy", "coredump-restart").contains(action));
      if (!isKnown) {
        throw XmlException.unsupported("unknown " + name + " action: " + action);
      }
    }
  }

  private static void tuning(XmlElement root) throws XmlException {
    XmlElement tune = root.child("cputune");
    if (tune == null) {
      return;
    }
    Set<Integer> pinned = new HashSet<>();
    for (XmlElement pin : tune.children("vcpupin")) {
      if (pin.attribute("vcpu") == null) {
        throw new XmlException(Kind.INTERNAL, "missing vcpu id in vcpupin");
      }
      if (pin.attribute("cpuset") == null) {
        throw new XmlException(Kind.INTERNAL, "missing cpuset for vcpupin");
      }
      OptionalInt vcpu = Values.integer(pin.attribute("vcpu"));
      if (vcpu.isPresent() && !pinned.add(vcpu.getAsInt())) {
        throw new XmlException(
            Kind.INTERNAL, "duplicate vcpupin for vcpu '" + vcpu.getAsInt() + "'");
      }
    }
    for (XmlElement limit : tune.children()) {
      String name = limit.name();
      if (!name.equals("shares") && !name.endsWith("period") && !name.endsWith("quota")) {
        continue;
      }
      OptionalLong value = Values.number(limit.text());
      if (value.isEmpty()) {
        throw XmlException.badContent("can't parse cputune " + name + " value");
      }
      long number = value.getAsLong();
      if (name.endsWith("period") && number != 0 && (number < 1000 || number > 1_000_000)) {
        throw XmlException.unsupported(
            "Value of cputune '" + name + "' must be in range [1000, 1000000]");
      }
      if (name.endsWith("quota")
          && number >= 0
          && number != 0
          && (number < 1000 || number > 17_592_186_044_415L)) {
        throw XmlException.unsupported(
            "Value of cputune '" + name + "' must be in range [1000, 17592186044415]");
      }
    }
  }

  /** Looks at the whole when it is complete. */
  static void after(DomainDocument document, DomainDefaults defaults) throws XmlException {
    XmlElement root = document.root();
    if (document.memoryKib() - modules(document) <= 0) {
      throw XmlException.badContent(
          "Memory size must be specified via <memory> or in the <numa> configuration");
    }
    processors(document);
    if (!document.os().type().equals("hvm")) {
      throw notByEmulator(document, "os type '" + document.os().type() + "'");
    }
    if (document.type().equals("kvm") && !defaults.kvm()) {
      throw notByEmulator(document, "virt type 'kvm'");
    }
    if (!Set.of("qemu", "kvm").contains(document.type())) {
      throw notByEmulator(document, "virt type '" + document.type() + "'");
    }
    if (!DomainDefaults.BOARDS.contains(document.os().machine())) {
      throw notByEmulator(document, "machine type '" + document.os().machine() + "'");
    }
    for (String name : List.of("on_poweroff", "on_reboot", "on_crash")) {
      String action = root.textAt(name);
      if (action.equals("rename-restart")) {
        throw new XmlException(
            Kind.UNSUPPORTED,
            XmlException.QEMU_ORIGIN,
            "qemu driver doesn't support the 'rename-restart' action for"
                + " 'on_reboot'/'on_poweroff'/'on_crash'");
      }
      if (action.equals("preserve") && !name.equals("on_crash")) {
        throw new XmlException(
            Kind.UNSUPPORTED,
            XmlException.QEMU_ORIGIN,
            "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'");
      }
    }
    if ("efi".equals(document.os().firmware().orElse("")) && !document.features().hasAcpi()) {
      throw new XmlException(
          Kind.UNSUPPORTED, XmlException.QEMU_ORIGIN, "UEFI requires ACPI on this architecture");
    }
  }

  private static XmlException notByEmulator(DomainDocument document, String what) {
    return new XmlException(
        Kind.UNSUPPORTED,
        XmlException.QEMU_ORIGIN,
        "Emulator '" + document.emulator().orElse("") + "' does not support " + what);
  }

  /** What modules have of the memory, in KiB. */
  private static long modules(DomainDocument document) {
    return document.devicesElement().children("memory").stream()
        .mapToLong(module -> Scale.kib(module.find("target/size").orElse(null)).orElse(0))
        .sum();
  }

  private static void processors(DomainDocument document) throws XmlException {
    if (document.processors() > document.mostProcessors()) {
      throw XmlException.unsupported("maximum vCPU count must not be less than current vCPU count");
    }
    if (document.mostProcessors() == 0) {
      throw new XmlException(Kind.INTERNAL, "CPU IDs in <numa> exceed the <vcpu> count");
    }
    int most = document.os().isQ35() ? MOST_ON_Q35 : MOST_ON_PC;
    if (document.mostProcessors() > most) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "Maximum CPUs greater than specified machine type limit " + most);
    }
    Cpu.Topology topology = document.cpu().topology().orElse(null);
    if (topology != null
        && (long) topology.sockets() * topology.dies() * topology.cores() * topology.threads()
            != document.mostProcessors()) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "CPU topology doesn't match maximum vcpu count");
    }
  }
}
