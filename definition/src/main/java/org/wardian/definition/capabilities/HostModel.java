package org.wardian.definition.capabilities;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.definition.domain.Cpu;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;

/**
 * The processor that guests have here, as a model and what it has besides: what {@code host-model}
 * stands for.
 *
 * @param name of the model
 * @param vendor of the model; empty for one of no vendor
 * @param besides features that the model lacks, in the order of CPUID's leaves
 * @param features all that it has, those of the model too
 */
public record HostModel(String name, String vendor, List<String> besides, Set<String> features) {
  /** Copies. */
  public HostModel {
    besides = List.copyOf(besides);
    features = Set.copyOf(features);
  }

  /**
   * The model that says most of some features; it has none that they lack.
   *
   * @param vendor that a guest sees
   */
  static HostModel of(Set<String> features, String vendor) {
    CpuModels.Model best =
        CpuModels.best(features, vendor, "", false)
            .orElseThrow(() -> new IllegalStateException("a processor without any model"));
    List<String> besides =
        CpuFeatures.ordered(features).stream()
            .filter(feature -> !best.features().contains(feature))
            .toList();
    return new HostModel(best.name(), best.vendor(), besides, features);
  }

  /**
   * Puts this processor where a document leaves it open ({@code VIR_DOMAIN_XML_UPDATE_CPU}), as
   * libvirt does: for {@code host-model} and for the least that a guest wants ({@code
   * match='minimum'}), with what the document says of single features; and a feature that is
   * optional is there or not.
   */
  public void update(DomainDocument document) {
    if (document.root().child("cpu") == null) {
      return;
    }
    Cpu cpu = document.cpu();
    String mode = cpu.mode().orElse("custom");
    boolean isModel = mode.equals("host-model");
    boolean isCustom = mode.equals("custom") && cpu.model().isPresent();
    if (isModel || isCustom && cpu.match().filter("minimum"::equals).isPresent()) {
      replace(cpu, isModel);
    }
    if (isModel || isCustom) {
      cpu.features()
          .forEach((feature, policy) -> {
            if (policy.equals("optional")) {
              cpu.setPolicy(feature, features.contains(feature) ? "require" : "disable");
            }
          });
      document.arrange();
    }
  }

  private void replace(Cpu cpu, boolean isModel) {
    XmlElement element = cpu.element();
    element.set("mode", "custom").set("match", "exact");
    XmlElement model = element.childOrNew("model");
    model.text(name);
    if (isModel) {
      model.set("fallback", "allow");
      element.remove("vendor");
      if (!vendor.isEmpty()) {
        element.append("vendor").text(vendor);
      }
    }
    final Map<String, String> said = cpu.features();
    element.remove("feature");
    besides.forEach(feature -> cpu.setPolicy(feature, "require"));
    said.forEach(cpu::setPolicy);
  }
}
