package org.wardian.definition.capabilities;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.xml.XmlElement;

/** What a host is and which guests it can have: {@code <capabilities>}. */
public final class CapabilitiesDocument {
  /** Processors that a guest on each family of boards may have. */
  static final int MOST_ON_PC = 255;

  static final int MOST_ON_Q35 = 288;

  private CapabilitiesDocument() {}

  /**
   * The document.
   *
   * @param uuid of the host
   * @param emulator the path of the program that runs machines
   * @param kvm whether the host's processor runs guests
   */
  public static String write(
      UUID uuid, HostProcessor processor, HostTopology topology, String emulator, boolean kvm) {
    XmlElement root = new XmlElement("capabilities");
    XmlElement host = root.append("host");
    host.append("uuid").text(uuid.toString());
    host.add(processor.element(topology));
    host.append("power_management");
    host.append("iommu").set("support", "no");
    host.append("migration_features");
    host.add(topology(topology));
    XmlElement security = host.append("secmodel");
    security.append("model").text("none");
    security.append("doi").text("0");
    root.add(guest("i686", 32, emulator, kvm));
    root.add(guest("x86_64", 64, emulator, kvm));
    return root.toString();
  }

  private static XmlElement topology(HostTopology topology) {
    XmlElement element = new XmlElement("topology");
    XmlElement cells = element.append("cells").set("num", topology.nodes().size());
    for (HostTopology.Node node : topology.nodes()) {
      XmlElement cell = cells.append("cell").set("id", node.id());
      cell.append("memory").set("unit", "KiB").text(Long.toString(node.memoryKib()));
      for (Map.Entry<Long, Long> pages : node.pages().entrySet()) {
        cell.append("pages")
            .set("unit", "KiB")
            .set("size", pages.getKey())
            .text(Long.toString(pages.getValue()));
      }
      XmlElement distances = cell.append("distances");
      node.distances()
          .forEach((id, value) -> distances.append("sibling").set("id", id).set("value", value));
      XmlElement cpus = cell.append("cpus").set("num", node.processors().size());
      for (HostTopology.Processor cpu : node.processors()) {
        cpus.append("cpu")
            .set("id", cpu.id())
            .set("socket_id", cpu.socket())
            .set("die_id", cpu.die())
            .set("core_id", cpu.core())
            .set("siblings", cpu.siblings());
      }
    }
    return element;
  }

  private static XmlElement guest(String name, int bits, String emulator, boolean kvm) {
    XmlElement guest = new XmlElement("guest");
    guest.append("os_type").text("hvm");
    XmlElement arch = guest.append("arch").set("name", name);
    arch.append("wordsize").text(Integer.toString(bits));
    arch.append("emulator").text(emulator);
    machine(arch, "pc", DomainDefaults.PC);
    machine(arch, "q35", DomainDefaults.Q35);
    for (String board : DomainDefaults.BOARDS) {
      machine(arch, board, null);
    }
    arch.append("domain").set("type", "qemu");
    if (kvm) {
      arch.append("domain").set("type", "kvm");
    }
    XmlElement features = guest.append("features");
    if (bits == 32) {
      features.append("pae");
      features.append("nonpae");
    }
    for (String always : List.of("acpi", "apic")) {
      features.append(always).set("default", "on").set("toggle", "no");
    }
    features.append("cpuselection");
    features.append("deviceboot");
    features.append("disksnapshot").set("default", "on").set("toggle", "no");
    return guest;
  }

  private static void machine(XmlElement arch, String name, String canonical) {
    boolean q35 = name.startsWith("pc-q35") || name.equals("q35");
    arch.append("machine")
        .set("canonical", canonical)
        .set("maxCpus", q35 ? MOST_ON_Q35 : MOST_ON_PC)
        .text(name);
  }
}
