package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ward version}. */
@Command(
    name = "version",
    mixinStandardHelpOptions = true,
    description = "Prints the versions of Wardian, of the Java that runs it, and of the host.")
final class VersionVerb implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    String java =
        Runtime.version() + " (" + System.getProperty("java.vendor", "unknown vendor") + ")";
    String host =
        String.join(
            " ",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"));
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("version", Version.wardian());
      node.put("java", Runtime.version().toString());
      node.put("javaHome", System.getProperty("java.home"));
      node.put("host", host);
      Json.print(out, node);
    } else {
      out.println("ward " + Version.wardian());
      out.println("java " + java);
      out.println("host " + host);
    }
    out.flush();
    return ExitStatus.OK.code();
  }
}
