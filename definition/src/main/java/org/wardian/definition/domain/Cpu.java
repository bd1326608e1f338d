package org.wardian.definition.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/**
 * The processor that a guest sees: {@code <cpu>}.
 *
 * @param element the element; null where the document has none
 */
public record Cpu(XmlElement element) {
  /** How processors are grouped; the product is the number of processors. */
  public record Topology(int sockets, int dies, int cores, int threads) {}

  /**
   * A node of memory and its processors.
   *
   * @param id its number
   * @param cpus a list such as {@code 0-3,8}
   * @param memoryKib its memory
   */
  public record Cell(int id, String cpus, long memoryKib) {}

  /** custom, host-model, host-passthrough or maximum; empty where the document says nothing. */
  public Optional<String> mode() {
    return Values.attribute(element, "mode");
  }

  /** minimum, exact or strict. */
  public Optional<String> match() {
    return Values.attribute(element, "match");
  }

  /** none, partial or full. */
  public Optional<String> check() {
    return Values.attribute(element, "check");
  }

  /** The model's name, such as {@code Skylake-Client}. */
  public Optional<String> model() {
    return Values.childText(element, "model");
  }

  /** Whether another model may stand in for one that is not known. */
  public boolean isFallbackAllowed() {
    return !Values.attribute(element, "model", "fallback").filter("forbid"::equals).isPresent();
  }

  /** The vendor that the host must have. */
  public Optional<String> vendor() {
    return Values.childText(element, "vendor");
  }

  /** The twelve letters that the guest reads as vendor. */
  public Optional<String> vendorId() {
    return Values.attribute(element, "model", "vendor_id");
  }

  /** How processors are grouped. */
  public Optional<Topology> topology() {
    XmlElement topology = element == null ? null : element.child("topology");
    return topology == null
        ? Optional.empty()
        : Optional.of(
            new Topology(
                count(topology, "sockets"),
                count(topology, "dies"),
                count(topology, "cores"),
                count(topology, "threads")));
  }

  private static int count(XmlElement topology, String key) {
    return Values.integer(topology.attribute(key)).orElse(1);
  }

  /** What is asked of each feature: force, require, optional, disable or forbid. */
  public Map<String, String> features() {
    Map<String, String> features = new LinkedHashMap<>();
    if (element != null) {
      for (XmlElement feature : element.children("feature")) {
        features.put(feature.attribute("name", ""), feature.attribute("policy", "require"));
      }
    }
    return features;
  }

  /** Sets a feature's policy where it is said, else behind the others. */
  public void setPolicy(String feature, String policy) {
    for (XmlElement one : element.children("feature")) {
      if (feature.equals(one.attribute("name"))) {
        one.set("policy", policy);
        return;
      }
    }
    element.append("feature").set("policy", policy).set("name", feature);
  }

  /** The nodes of memory; empty where all is one. */
  public List<Cell> cells() {
    XmlElement numa = element == null ? null : element.child("numa");
    return numa == null
        ? List.of()
        : numa.children("cell").stream()
            .map(cell ->
                new Cell(
                    Values.integer(cell.attribute("id")).orElse(0),
                    cell.attribute("cpus", ""),
                    cellMemory(cell)))
            .toList();
  }

  private static long cellMemory(XmlElement cell) {
    XmlElement size = new XmlElement("memory").text(cell.attribute("memory", "0"));
    return Scale.kib(size.set("unit", cell.attribute("unit"))).orElse(0);
  }
}
