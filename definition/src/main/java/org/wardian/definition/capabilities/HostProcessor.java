package org.wardian.definition.capabilities;

import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/**
 * A processor as libvirt describes one: a model and what it has besides.
 *
 * @param model the name of the model
 * @param vendor Intel, AMD, ...; empty where nothing is known of it
 * @param family with model and stepping what CPUID says
 * @param features all that it has
 * @param addressBits bits of a physical address
 */
public record HostProcessor(
    String model,
    String vendor,
    int family,
    int modelNumber,
    int stepping,
    Set<String> features,
    int addressBits) {
  /** What a processor says of itself. */
  public static HostProcessor of(Cpuid cpuid) {
    Set<String> features = CpuFeatures.of(cpuid);
    String vendor = cpuid.vendor();
    String signature = cpuid.family() + "/" + cpuid.model();
    String model =
        CpuModels.best(features, vendor, signature, true).map(CpuModels.Model::name).orElse("486");
    return new HostProcessor(
        model,
        vendor,
        cpuid.family(),
        cpuid.model(),
        cpuid.stepping(),
        features,
        cpuid.physicalAddressBits());
  }

  /**
   * The element of capabilities.
   *
   * @param topology of the whole host
   */
  XmlElement element(HostTopology topology) {
    XmlElement cpu = new XmlElement("cpu");
    cpu.append("arch").text("x86_64");
    cpu.append("model").text(model);
    if (!vendor.isEmpty()) {
      cpu.append("vendor").text(vendor);
    }
    cpu.append("signature")
        .set("family", family)
        .set("model", modelNumber)
        .set("stepping", stepping);
    cpu.append("topology")
        .set("sockets", topology.sockets())
        .set("dies", 1)
        .set("cores", topology.coresPerSocket())
        .set("threads", topology.threadsPerCore());
    if (addressBits > 0) {
      cpu.append("maxphysaddr").set("mode", "emulate").set("bits", addressBits);
    }
    Set<String> own = CpuModels.model(model).map(CpuModels.Model::features).orElse(Set.of());
    for (String feature : CpuFeatures.ordered(features)) {
      if (!own.contains(feature)) {
        cpu.append("feature").set("name", feature);
      }
    }
    for (long size : topology.pageSizesKib()) {
      cpu.append("pages").set("unit", "KiB").set("size", size);
    }
    return cpu;
  }
}
