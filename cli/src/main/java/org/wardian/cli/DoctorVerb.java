package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.wardian.host.kvm.Kvm;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.processor.kvm.KvmProbe;
import org.wardian.processor.kvm.KvmReport;
import org.wardian.x86.CpuModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ward doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Tells which accelerator would run a machine here and why, and what this host lacks.",
      "",
      "Looks only; changes nothing and uses no network. Leaves with 0 where 'ward run' can work,"
          + " and with 9 where something that it needs is missing.",
      ""
    })
final class DoctorVerb implements Callable<Integer> {
  /** Until HotSpot has compiled what an exit runs through. */
  private static final Duration WARM_UP = Duration.ofMillis(200);

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    KvmReport kvm = KvmProbe.probe(Kvm.DEVICE, WARM_UP);
    AcceleratorChoice choice =
        AcceleratorChoice.of(Accelerator.AUTO, CpuModel.standard(), () -> kvm);
    TranslatorFindings translator = TranslatorFindings.measure();
    List<Finding> findings = Examination.ofThisHost(kvm, translator);
    boolean works =
        findings.stream().noneMatch(finding -> finding.grade() == Finding.Grade.MISSING);
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("accelerator", choice.kind().toString());
      node.put("reason", choice.reason());
      node.put("works", works);
      ArrayNode list = node.putArray("findings");
      for (Finding finding : findings) {
        list.addObject()
            .put("subject", finding.subject())
            .put("grade", finding.grade().name().toLowerCase(Locale.ROOT))
            .put("text", finding.text());
      }
      KvmFindings.describe(kvm, node.putObject("kvm"));
      translator.describe(node.putObject("translator"));
      Json.print(out, node);
    } else {
      out.println(
          "A machine would run on: " + choice.kind() + ", because " + choice.reason() + ".");
      for (Finding finding : findings) {
        out.printf("  %-8s %-12s %s%n", finding.grade().mark(), finding.subject(), finding.text());
      }
    }
    out.flush();
    return (works ? ExitStatus.OK : ExitStatus.UNAVAILABLE).code();
  }
}
