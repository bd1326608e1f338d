package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward define}. */
@Command(
    name = "define",
    mixinStandardHelpOptions = true,
    description = {
      "Has a daemon keep machines by their descriptions in libvirt's XML; 'ward start' starts them."
          + " One that has the name and UUID of a machine that is kept takes its place.",
      "",
      "  ward define web.xml",
      "  ward dumpxml web | sed s/1048576/2097152/ | ward define -",
      "  ward define --start --autostart web.xml",
      ""
    })
final class DefineVerb extends ManageAction {
  @Option(names = "--start", description = "Start it, too.")
  private boolean start;

  @Option(names = "--autostart", description = "Have the daemon start it whenever it starts.")
  private boolean autostart;

  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "A description; - is standard input.")
  private List<Path> files;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    ArrayNode list = Json.array();
    for (Path file : files) {
      Domain domain = connection.defineDomain(XmlFile.read(file));
      if (autostart) {
        domain.autostart(true);
      }
      if (start) {
        domain.start();
      }
      list.addObject()
          .put("name", domain.name())
          .put("uuid", domain.uuid().toString())
          .put("started", start)
          .put("autostart", autostart);
      if (!json.asked()) {
        out().println(Cells.plain(domain.name()) + ": defined" + (start ? " and started" : ""));
        out().flush();
      }
    }
    if (json.asked()) {
      print(list);
    }
    return ExitStatus.OK.code();
  }
}
