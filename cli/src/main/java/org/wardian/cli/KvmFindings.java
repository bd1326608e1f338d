package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.processor.kvm.KvmReport;
import org.wardian.x86.CpuModel;

/** What the doctor says of the host's KVM. */
final class KvmFindings {
  private KvmFindings() {}

  /** For a person. */
  static List<Finding> of(KvmReport kvm) {
    List<Finding> findings = new ArrayList<>();
    if (!kvm.usable()) {
      findings.add(Finding.lacking("kvm", kvm.reason()));
    } else if (kvm.fast()) {
      findings.add(Finding.good("kvm", kvm.reason()));
    } else {
      findings.add(
          Finding.lacking(
              "kvm",
              kvm.reason()
                  + "; a processor does over 1000 MIPS, so this is for tests of Wardian only"
                  + " (--accelerator kvm)"));
    }
    if (kvm.usable() && kvm.nested()) {
      findings.add(
          Finding.good(
              "nesting", "this host is itself a virtual machine: exits of a guest cost more here"));
    }
    kvm.kickMethod().ifPresent(method -> findings.add(Finding.good("kvm kick", method)));
    if (kvm.usable()) {
      findings.add(models(kvm));
    }
    return findings;
  }

  /** Which CPU models guests can have, and what of them they must do without. */
  private static Finding models(KvmReport kvm) {
    List<String> lines = new ArrayList<>();
    boolean all = true;
    for (String name : CpuModel.names()) {
      CpuModel model = CpuModel.named(name);
      List<String> lacking = AcceleratorChoice.lacking(model, kvm);
      List<String> leftOut = AcceleratorChoice.leftOut(model, kvm);
      all &= lacking.isEmpty();
      if (!lacking.isEmpty()) {
        lines.add("no " + name + " (it lacks " + String.join(", ", lacking) + ")");
      } else if (!leftOut.isEmpty()) {
        lines.add(name + " without " + String.join(", ", leftOut));
      } else {
        lines.add(name);
      }
    }
    String text = String.join("; ", lines);
    return all ? Finding.good("kvm cpu", text) : Finding.lacking("kvm cpu", text);
  }

  /** For a program. */
  static void describe(KvmReport kvm, ObjectNode node) {
    node.put("usable", kvm.usable());
    node.put("fast", kvm.fast());
    node.put("reason", kvm.reason());
    node.put("mips", rounded(kvm.mips()));
    node.put("exitMicroseconds", rounded(kvm.exitMicroseconds()));
    ArrayNode missing = node.putArray("missingCapabilities");
    kvm.missing()
        .forEach(capability ->
            missing
                .addObject()
                .put("name", capability.header())
                .put("purpose", capability.purpose())
                .put("since", capability.since()));
    kvm.modules().forEach(node.putArray("modules")::add);
    kvm.kickMethod().ifPresent(method -> node.put("kickMethod", method));
    node.put("nested", kvm.nested());
    node.put("mostVcpus", kvm.mostVcpus());
    ObjectNode models = node.putObject("missingFeatures");
    for (String name : CpuModel.names()) {
      CpuModel model = CpuModel.named(name);
      ObjectNode features = models.putObject(name);
      AcceleratorChoice.lacking(model, kvm).forEach(features.putArray("essential")::add);
      AcceleratorChoice.leftOut(model, kvm).forEach(features.putArray("leftOut")::add);
    }
  }

  private static double rounded(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, "%.3g", value));
  }
}
