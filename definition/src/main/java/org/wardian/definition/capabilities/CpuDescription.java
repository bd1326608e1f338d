package org.wardian.definition.capabilities;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.definition.xml.ElementTable;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;
import org.wardian.definition.xml.XmlReader;

/**
 * A processor in a client's words: {@code <cpu>}, of a host or for a guest.
 *
 * @param mode custom, host-model, ...; empty where not said
 * @param model empty where none is named
 * @param vendor empty where not said
 * @param match minimum, exact, strict; empty for a host's
 * @param features what is asked of each feature by name: force, require, optional, disable, forbid
 */
record CpuDescription(
    String mode,
    String architecture,
    String model,
    String vendor,
    String match,
    Map<String, String> features) {
  private static final ElementTable TABLE =
      ElementTable.read(CpuDescription.class.getResourceAsStream("cpu.elements"), "cpu");

  /**
   * Reads a description.
   *
   * @throws XmlException where it is none, or names what nobody knows
   */
  static CpuDescription read(String xml) throws XmlException {
    XmlElement cpu = XmlReader.read(xml);
    if (!cpu.name().equals("cpu")) {
      throw error(Kind.BAD_CONTENT, "XML does not contain expected 'cpu' element");
    }
    TABLE.arrange(cpu);
    TABLE.check(cpu);
    String mode = cpu.attribute("mode", "");
    String match = cpu.attribute("match", "");
    String architecture = text(cpu, "arch");
    String model = text(cpu, "model");
    if (!Set.of("", "custom", "host-model", "host-passthrough", "maximum").contains(mode)) {
      throw error(Kind.UNSUPPORTED, "Invalid mode attribute '" + mode + "'");
    }
    if (model.isEmpty() && !architecture.isEmpty()) {
      throw error(Kind.BAD_CONTENT, "Missing CPU model name");
    }
    if (model.isEmpty() && cpu.child("feature") != null && Set.of("", "custom").contains(mode)) {
      throw error(Kind.BAD_CONTENT, "Non-empty feature list specified without CPU model");
    }
    if (!model.isEmpty() && CpuModels.model(model).isEmpty()) {
      throw error(Kind.INTERNAL, "Unknown CPU model " + model);
    }
    Map<String, String> features = new LinkedHashMap<>();
    for (XmlElement feature : cpu.children("feature")) {
      String name = feature.attribute("name", "");
      String policy = feature.attribute("policy", "require");
      if (!Set.of("force", "require", "optional", "disable", "forbid").contains(policy)) {
        throw error(Kind.UNSUPPORTED, "Invalid CPU feature policy");
      }
      if (!CpuFeatures.isKnown(name)) {
        throw error(Kind.INTERNAL, "Unknown CPU feature " + name);
      }
      if (features.put(name, policy) != null) {
        throw error(Kind.BAD_CONTENT, "CPU feature '" + name + "' specified more than once");
      }
    }
    return new CpuDescription(mode, architecture, model, text(cpu, "vendor"), match, features);
  }

  private static String text(XmlElement cpu, String child) {
    String text = cpu.textAt(child);
    return text == null ? "" : text.strip();
  }

  static XmlException error(Kind kind, String words) {
    return new XmlException(kind, XmlException.CPU_ORIGIN, words);
  }

  /** What it must have: the model's features and those that are required, without others. */
  Set<String> required() {
    Set<String> required =
        new TreeSet<>(CpuModels.model(model).map(CpuModels.Model::features).orElse(Set.of()));
    features.forEach((name, policy) -> {
      switch (policy) {
        case "require", "force" -> required.add(name);
        default -> required.remove(name);
      }
    });
    return required;
  }

  /** Whether a feature has a policy. */
  boolean asks(String feature, String policy) {
    return policy.equals(features.get(feature));
  }
}
