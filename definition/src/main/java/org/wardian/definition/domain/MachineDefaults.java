package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Fills in what a document says outside of its devices. */
final class MachineDefaults {
  /** The order of SMBIOS strings in a table. */
  private static final Map<String, List<String>> STRINGS =
      Map.of(
          "bios", List.of("vendor", "version", "date", "release"),
          "system",
              List.of("manufacturer", "product", "version", "serial", "uuid", "sku", "family"),
          "baseBoard", List.of("manufacturer", "product", "version", "serial", "asset", "location"),
          "chassis", List.of("manufacturer", "version", "serial", "asset", "sku"));

  private MachineDefaults() {}

  static void complete(DomainDocument document, DomainDefaults defaults) throws XmlException {
    XmlElement root = document.root();
    memory(root);
    processors(root);
    tuning(root);
    operatingSystem(document, defaults);
    systemInformation(root);
    features(root);
    cpu(document);
    lifecycle(root);
    for (XmlElement label : root.children("seclabel")) {
      if ("none".equals(label.attribute("type"))) {
        DeviceDefaults.otherwise(label, "model", "none");
      }
    }
  }

  private static void memory(XmlElement root) throws XmlException {
    for (String name : List.of("maxMemory", "memory", "currentMemory")) {
      size(root.child(name), "domain/" + name);
    }
    XmlElement current = root.child("currentMemory");
    String memory = root.textAt("memory");
    if (memory != null && (current == null || current.text().equals("0"))) {
      root.childOrNew("currentMemory").set("unit", "KiB").text(memory);
    }
    cells(root);
    XmlElement tune = root.child("memtune");
    if (tune != null) {
      for (XmlElement limit : tune.children()) {
        size(limit, "memtune/" + limit.name());
      }
    }
    XmlElement pages = root.find("memoryBacking/hugepages").orElse(null);
    if (pages != null) {
      for (XmlElement page : pages.children()) {
        attributeSize(page, "size");
      }
    }
  }

  /** Where nodes of memory are said, they and the modules are the memory. */
  private static void cells(XmlElement root) {
    XmlElement numa = root.find("cpu/numa").orElse(null);
    if (numa == null || numa.child("cell") == null) {
      return;
    }
    long sum = 0;
    for (XmlElement cell : numa.children("cell")) {
      XmlElement size = new XmlElement("memory").text(cell.attribute("memory", "0"));
      sum += Scale.kib(size.set("unit", cell.attribute("unit"))).orElse(0);
    }
    for (XmlElement module : root.childOrNew("devices").children("memory")) {
      sum += Scale.kib(module.find("target/size").orElse(null)).orElse(0);
    }
    long current = Scale.kib(root.child("currentMemory")).orElse(0);
    boolean all = current == 0 || current == Scale.kib(root.child("memory")).orElse(0);
    root.childOrNew("memory").set("unit", "KiB").text(Long.toString(sum));
    if (all || current > sum) {
      root.childOrNew("currentMemory").set("unit", "KiB").text(Long.toString(sum));
    }
  }

  /** Brings an element to KiB. */
  static void size(XmlElement element, String path) throws XmlException {
    if (element == null) {
      return;
    }
    OptionalLong kib = Scale.kib(element);
    if (kib.isEmpty()) {
      String unit = element.attribute("unit");
      if (unit != null && Scale.bytes(unit).isEmpty()) {
        throw new XmlException(XmlException.Kind.INVALID_ARGUMENT, "unknown suffix '" + unit + "'");
      }
      if (Values.number(element.text()).orElse(-1) >= 0) {
        throw new XmlException(
            XmlException.Kind.OVERFLOW,
            "value too large: " + element.text() + (unit == null ? "KiB" : unit));
      }
      throw new XmlException(
          XmlException.Kind.BAD_CONTENT,
          XmlException.XML_ORIGIN,
          "Invalid value '" + element.text() + "' for element or attribute './" + path(path) + "'");
    }
    element.set("unit", null).set("unit", "KiB").text(Long.toString(kib.getAsLong()));
  }

  private static String path(String path) {
    return path.startsWith("domain/") ? path.substring("domain/".length()) + "[1]" : path + "[1]";
  }

  /** Brings an attribute with the attribute {@code unit} beside it to KiB. */
  static void attributeSize(XmlElement element, String key) {
    XmlElement size = new XmlElement(key).text(element.attribute(key, ""));
    OptionalLong kib = Scale.kib(size.set("unit", element.attribute("unit")));
    if (kib.isPresent()) {
      element.set(key, kib.getAsLong()).set("unit", "KiB");
    }
  }

  private static void processors(XmlElement root) throws XmlException {
    XmlElement vcpu = root.childOrNew("vcpu");
    if (vcpu.text().isEmpty()) {
      vcpu.text("1");
    }
    OptionalLong most = Values.number(vcpu.text());
    if (most.isEmpty() || most.getAsLong() < 0 || most.getAsLong() > Integer.MAX_VALUE) {
      throw XmlException.badContent("maximum vcpus count must be an integer");
    }
    vcpu.text(Long.toString(most.getAsLong()));
    if (vcpu.attribute("current") != null
        && Values.integer(vcpu.attribute("current")).orElse(0) == most.getAsLong()) {
      vcpu.set("current", null);
    }
    if (vcpu.attribute("placement") == null) {
      vcpu.set(
          "placement",
          "auto".equals(root.attributeAt("numatune/memory", "placement")) ? "auto" : "static");
    }
    cpuSet(vcpu, "cpuset");
    XmlElement threads = root.child("iothreads");
    XmlElement ids = root.child("iothreadids");
    if (ids != null && threads == null) {
      root.append("iothreads").text(Integer.toString(ids.children().size()));
    }
  }

  private static void cpuSet(XmlElement element, String key) throws XmlException {
    String text = element.attribute(key);
    if (text != null) {
      element.set(
          key,
          CpuSet.parse(text)
              .map(CpuSet::format)
              .orElseThrow(() ->
                  new XmlException(
                      XmlException.Kind.INVALID_ARGUMENT,
                      "Failed to parse bitmap '" + text + "'")));
    }
  }

  private static void tuning(XmlElement root) throws XmlException {
    XmlElement tune = root.child("cputune");
    if (tune != null) {
      for (XmlElement child : tune.children()) {
        cpuSet(child, "cpuset");
      }
      sort(tune, "vcpupin", "vcpu");
      sort(tune, "iothreadpin", "iothread");
    }
    XmlElement numa = root.child("numatune");
    if (numa != null) {
      for (XmlElement child : numa.children()) {
        cpuSet(child, "nodeset");
      }
    }
  }

  /** Puts the elements of a name in the order of a number that each has. */
  private static void sort(XmlElement parent, String name, String key) {
    List<XmlElement> sorted = new ArrayList<>(parent.children(name));
    sorted.sort(Comparator.comparingInt(child -> Values.integer(child.attribute(key)).orElse(0)));
    List<XmlElement> all = new ArrayList<>(parent.children());
    all.removeIf(child -> child.name().equals(name));
    all.addAll(sorted);
    parent.replaceChildren(all);
  }

  private static void operatingSystem(DomainDocument document, DomainDefaults defaults) {
    XmlElement os = document.os().element();
    XmlElement type = os.childOrNew("type");
    if (type.attribute("arch") == null) {
      type.set("arch", "x86_64");
    }
    type.set("machine", DomainDefaults.canonicalBoard(type.attribute("machine", "")));
    boolean ordered =
        document.devicesElement().children().stream()
            .anyMatch(device -> device.child("boot") != null);
    if (os.child("boot") == null && !ordered && type.text().equals("hvm")) {
      os.append("boot").set("dev", "hd");
    }
    XmlElement menu = os.child("bootmenu");
    if (menu != null && menu.attribute("enable") == null) {
      os.remove("bootmenu");
    }
    XmlElement variables = os.child("nvram");
    XmlElement loader = os.child("loader");
    boolean pflash = loader != null && "pflash".equals(loader.attribute("type"));
    if (variables == null
        && (pflash || "efi".equals(os.attribute("firmware")))
        && (loader == null || !"yes".equals(loader.attribute("stateless")))
        && (pflash && "yes".equals(loader.attribute("readonly", "no")))) {
      variables = os.append("nvram");
    }
    if (variables != null && variables.text().isEmpty() && variables.child("source") == null) {
      variables.text(defaults.variablesFolder() + "/" + document.name() + "_VARS.fd");
    }
  }

  private static void systemInformation(XmlElement root) {
    for (XmlElement table : root.children("sysinfo")) {
      if (table.attribute("type") == null) {
        table.set("type", "smbios");
      }
      for (XmlElement part : table.children()) {
        List<String> order = STRINGS.get(part.name());
        if (order != null) {
          List<XmlElement> entries = new ArrayList<>(part.children());
          entries.removeIf(entry -> !order.contains(entry.attribute("name")));
          entries.sort(Comparator.comparingInt(entry -> order.indexOf(entry.attribute("name"))));
          part.replaceChildren(entries);
        }
      }
    }
  }

  private static void features(XmlElement root) {
    XmlElement features = root.child("features");
    if (features == null) {
      return;
    }
    for (XmlElement feature : features.children()) {
      switch (feature.name()) {
        case "hap", "pmu", "vmport", "smm", "pvspinlock", "vmcoreinfo", "htm", "nested-hv" -> {
          if (feature.attribute("state") == null) {
            feature.set("state", "on");
          }
        }
        case "hyperv" -> {
          if (feature.attribute("mode") == null) {
            feature.set("mode", "custom");
          }
        }
        default -> {
          // Others say all that they mean by being there.
        }
      }
    }
  }

  private static void cpu(DomainDocument document) {
    XmlElement root = document.root();
    XmlElement cpu = root.childOrNew("cpu");
    String mode = cpu.attribute("mode", "custom");
    boolean models = cpu.child("model") != null && !cpu.child("model").text().isEmpty();
    if (mode.equals("custom") && !models) {
      cpu.remove("model");
      cpu.append("model")
          .set("fallback", "forbid")
          .text(document.os().architecture().equals("i686") ? "qemu32" : "qemu64");
      cpu.set("match", "exact").set("check", "none");
    } else if (mode.equals("custom")) {
      XmlElement model = cpu.child("model");
      if (model.attribute("fallback") == null) {
        model.set("fallback", "allow");
      }
      if (cpu.attribute("match") == null) {
        cpu.set("match", "exact");
      }
      if (cpu.attribute("check") == null) {
        cpu.set("check", document.type().equals("kvm") ? "partial" : "none");
      }
    } else {
      cpu.set("match", null);
      if (cpu.attribute("check") == null) {
        cpu.set("check", mode.equals("host-model") ? "partial" : "none");
      }
      if (!mode.equals("host-model")) {
        cpu.remove("model");
        if (cpu.attribute("migratable") == null && document.type().equals("kvm")) {
          cpu.set("migratable", "on");
        }
      } else {
        cpu.remove("model");
      }
    }
    cpu.set("mode", mode);
    XmlElement topology = cpu.child("topology");
    if (topology != null && topology.attribute("dies") == null) {
      topology.set("dies", 1);
    }
    for (XmlElement feature : cpu.children("feature")) {
      if (feature.attribute("policy") == null) {
        feature.set("policy", "require");
      }
    }
    XmlElement numa = cpu.child("numa");
    if (numa != null) {
      int id = 0;
      for (XmlElement cell : numa.children("cell")) {
        if (cell.attribute("id") == null) {
          cell.set("id", id);
        }
        id++;
        attributeSize(cell, "memory");
        CpuSet.parse(cell.attribute("cpus", ""))
            .ifPresent(cpus -> cell.set("cpus", CpuSet.format(cpus)));
      }
    }
  }

  private static void lifecycle(XmlElement root) {
    XmlElement clock = root.childOrNew("clock");
    if (clock.attribute("offset") == null) {
      clock.set("offset", "utc");
    }
    switch (clock.attribute("offset")) {
      case "variable" -> {
        if (clock.attribute("basis") == null) {
          clock.set("basis", "utc");
        }
        if (clock.attribute("adjustment") == null) {
          clock.set("adjustment", "0");
        }
        clock.set("timezone", null).set("start", null);
      }
      case "utc", "localtime" -> {
        clock.set("basis", null).set("timezone", null).set("start", null);
        String adjustment = clock.attribute("adjustment");
        if (adjustment != null && !adjustment.equals("reset")) {
          // libvirt turns a clock with an adjustment into a variable one.
          clock.set("basis", clock.attribute("offset")).set("offset", "variable");
        }
      }
      default -> clock.set("basis", null).set("adjustment", null);
    }
    word(root, "on_poweroff", "destroy");
    word(root, "on_reboot", "restart");
    word(root, "on_crash", "destroy");
  }

  private static void word(XmlElement root, String name, String otherwise) {
    XmlElement element = root.childOrNew(name);
    if (element.text().isEmpty()) {
      element.text(otherwise);
    }
  }
}
