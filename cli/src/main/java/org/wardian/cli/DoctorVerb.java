package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
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
  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Finding> findings = Examination.ofThisHost();
    boolean works =
        findings.stream().noneMatch(finding -> finding.grade() == Finding.Grade.MISSING);
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("accelerator", Accelerator.AUTO.resolve().toString());
      node.put("reason", Accelerator.reason());
      node.put("works", works);
      ArrayNode list = node.putArray("findings");
      for (Finding finding : findings) {
        list.addObject()
            .put("subject", finding.subject())
            .put("grade", finding.grade().name().toLowerCase(Locale.ROOT))
            .put("text", finding.text());
      }
      Json.print(out, node);
    } else {
      out.println(
          "A machine would run on: "
              + Accelerator.AUTO.resolve()
              + ", because "
              + Accelerator.reason()
              + ".");
      for (Finding finding : findings) {
        out.printf("  %-8s %-12s %s%n", finding.grade().mark(), finding.subject(), finding.text());
      }
    }
    out.flush();
    return (works ? ExitStatus.OK : ExitStatus.UNAVAILABLE).code();
  }
}
