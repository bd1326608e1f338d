package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward net define}. */
@Command(
    name = "define",
    mixinStandardHelpOptions = true,
    description = {
      "Has a daemon keep a network by its description in libvirt's XML.",
      "",
      "  ward net define --start --autostart lab.xml",
      ""
    })
final class NetDefineVerb extends ManageAction {
  @Option(names = "--start", description = "Start it, too.")
  private boolean start;

  @Option(names = "--autostart", description = "Have the daemon start it whenever it starts.")
  private boolean autostart;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The description; - is standard input.")
  private Path file;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    Network network = connection.defineNetwork(XmlFile.read(file));
    if (start) {
      network.start();
    }
    if (autostart) {
      network.autostart(true);
    }
    if (json.asked()) {
      print(
          Json.object()
              .put("name", network.name())
              .put("uuid", network.uuid().toString())
              .put("started", start)
              .put("autostart", autostart));
    } else {
      out().println(Cells.plain(network.name()) + ": defined" + (start ? " and started" : ""));
    }
    return ExitStatus.OK.code();
  }
}
