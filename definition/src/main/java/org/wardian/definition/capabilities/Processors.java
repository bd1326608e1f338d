package org.wardian.definition.capabilities;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** Compares processors, and says what several have in common. */
public final class Processors {
  /** What a comparison finds; the ordinals are libvirt's numbers. */
  public enum Comparison {
    /** The host has not all that is asked. */
    INCOMPATIBLE,
    /** The host has just what is asked. */
    IDENTICAL,
    /** The host has more than is asked. */
    SUPERSET
  }

  private Processors() {}

  /**
   * Compares a description with a processor.
   *
   * @param xml {@code <cpu>}
   * @param failing whether an exception says what is missing, where something is
   * @throws XmlException where the text is no description, or the processor lacks something
   */
  public static Comparison compare(HostProcessor host, String xml, boolean failing)
      throws XmlException {
    CpuDescription asked = CpuDescription.read(xml);
    if (!asked.mode().isEmpty() && !asked.mode().equals("custom")) {
      return Comparison.SUPERSET;
    }
    if (!asked.architecture().isEmpty()
        && !Set.of("x86_64", "i686").contains(asked.architecture())) {
      return incompatible(
          failing, "CPU arch " + asked.architecture() + " does not match host arch");
    }
    if (!asked.vendor().isEmpty() && !asked.vendor().equals(host.vendor())) {
      return incompatible(
          failing, "host CPU vendor does not match required CPU vendor " + asked.vendor());
    }
    Set<String> forbidden = new TreeSet<>();
    Set<String> missing = new LinkedHashSet<>();
    Set<String> required = asked.required();
    for (String name : CpuFeatures.ordered(required)) {
      if (!host.features().contains(name) && !asked.asks(name, "force")) {
        missing.add(name);
      }
    }
    for (String name : host.features()) {
      if (asked.asks(name, "forbid")) {
        forbidden.add(name);
      }
    }
    if (!forbidden.isEmpty()) {
      return incompatible(
          failing, "Host CPU provides forbidden features: " + String.join(", ", forbidden));
    }
    if (!missing.isEmpty()) {
      return incompatible(
          failing, "Host CPU does not provide required features: " + String.join(", ", missing));
    }
    Set<String> more = new HashSet<>(host.features());
    more.removeAll(required);
    if (asked.model().isEmpty()) {
      return Comparison.SUPERSET;
    }
    if (more.isEmpty()) {
      return Comparison.IDENTICAL;
    }
    return asked.match().equals("strict")
        ? incompatible(
            failing,
            "Host CPU does not strictly match guest CPU: Extra features: "
                + String.join(", ", CpuFeatures.ordered(more)))
        : Comparison.SUPERSET;
  }

  private static Comparison incompatible(boolean failing, String words) throws XmlException {
    if (failing) {
      throw CpuDescription.error(Kind.CPU_INCOMPATIBLE, words);
    }
    return Comparison.INCOMPATIBLE;
  }

  /**
   * The most that all of several processors have, as a guest's {@code <cpu>}.
   *
   * @param expanded whether the model's own features are named too
   * @param migratable whether features that do not move to another host are left out
   * @throws XmlException where one is no description, or they have nothing in common
   */
  public static String baseline(List<String> documents, boolean expanded, boolean migratable)
      throws XmlException {
    if (documents.isEmpty()) {
      throw CpuDescription.error(Kind.INVALID_ARGUMENT, "no CPUs given");
    }
    List<CpuDescription> cpus = new ArrayList<>();
    for (String document : documents) {
      CpuDescription cpu = CpuDescription.read(document);
      if (!cpu.mode().isEmpty() && !cpu.mode().equals("custom")) {
        throw CpuDescription.error(
            Kind.UNSUPPORTED, "Attribute mode is only allowed for guest CPU");
      }
      if (cpu.architecture().isEmpty() && cpu.model().isEmpty()) {
        throw CpuDescription.error(Kind.BAD_CONTENT, "Missing CPU model name");
      }
      if (cpu.architecture().isEmpty()) {
        throw CpuDescription.error(Kind.BAD_CONTENT, "Missing CPU architecture");
      }
      cpus.add(cpu);
    }
    String vendor = vendor(cpus);
    Set<String> common = new LinkedHashSet<>(cpus.get(0).required());
    cpus.forEach(cpu -> common.retainAll(cpu.required()));
    Set<String> features = CpuFeatures.forGuests(common, migratable);
    String own =
        vendor.isEmpty()
            ? CpuModels.model(cpus.get(0).model())
                .map(CpuModels.Model::vendor)
                .filter(name -> cpus.stream().allMatch(cpu -> vendorOf(cpu).equals(name)))
                .orElse("")
            : vendor;
    CpuModels.Model model = best(cpus, features, own);
    boolean isGiven = cpus.stream().allMatch(cpu -> cpu.model().equals(model.name()));
    XmlElement cpu = new XmlElement("cpu").set("mode", "custom").set("match", "exact");
    cpu.append("model").set("fallback", isGiven ? "forbid" : "allow").text(model.name());
    if (!vendor.isEmpty()) {
      cpu.append("vendor").text(vendor);
    }
    if (expanded) {
      model.features().forEach(name -> require(cpu, name));
    }
    for (String name : CpuFeatures.ordered(features)) {
      if (!model.features().contains(name)) {
        require(cpu, name);
      }
    }
    return cpu.toString();
  }

  /** A model that was given, where it is within what all have; else the best one. */
  private static CpuModels.Model best(
      List<CpuDescription> cpus, Set<String> features, String vendor) throws XmlException {
    CpuModels.Model best = null;
    for (CpuDescription cpu : cpus) {
      CpuModels.Model model = CpuModels.model(cpu.model()).orElseThrow();
      boolean isOfVendor = model.vendor().isEmpty() || model.vendor().equals(vendor);
      if (isOfVendor
          && features.containsAll(model.features())
          && (best == null || model.features().size() > best.features().size())) {
        best = model;
      }
    }
    if (best != null) {
      return best;
    }
    return CpuModels.best(features, vendor, "", false)
        .orElseThrow(() -> CpuDescription.error(Kind.OPERATION_FAILED, "CPUs are incompatible"));
  }

  private static void require(XmlElement cpu, String feature) {
    cpu.append("feature").set("policy", "require").set("name", feature);
  }

  private static String vendorOf(CpuDescription cpu) {
    return CpuModels.model(cpu.model()).map(CpuModels.Model::vendor).orElse("");
  }

  private static String vendor(List<CpuDescription> cpus) throws XmlException {
    Set<String> vendors =
        cpus.stream()
            .map(CpuDescription::vendor)
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toSet());
    if (vendors.size() > 1) {
      throw CpuDescription.error(Kind.OPERATION_FAILED, "CPU vendors do not match");
    }
    boolean all = cpus.stream().noneMatch(cpu -> cpu.vendor().isEmpty());
    return all ? vendors.iterator().next() : "";
  }
}
