package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward pool define}. */
@Command(
    name = "define",
    mixinStandardHelpOptions = true,
    description = {
      "Has a daemon keep a storage pool: a folder of its host, or what a file describes in"
          + " libvirt's XML.",
      "",
      "  ward pool define images --folder /var/lib/images --start --autostart",
      "  ward pool define --start pool.xml",
      ""
    })
final class PoolDefineVerb extends ManageAction {
  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "A folder of the daemon's host, an absolute path; the pool is called NAME.")
  private String folder;

  @Option(
      names = "--start",
      description = "Start it, too; its folder is made where it is not there.")
  private boolean start;

  @Option(names = "--autostart", description = "Have the daemon start it whenever it starts.")
  private boolean autostart;

  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "FILE|NAME",
      description = "The description, - is standard input; with --folder the pool's name.")
  private String what;

  @Override
  void check() {
    if (folder != null && !folder.startsWith("/")) {
      throw mistake("--folder is a path on the daemon's host, and so has to begin with a slash");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    StoragePool pool =
        connection.defineStoragePool(
            folder == null ? XmlFile.read(Path.of(what)) : description(what, folder));
    if (start) {
      pool.build(0);
      pool.start();
    }
    if (autostart) {
      pool.autostart(true);
    }
    if (json.asked()) {
      print(
          Json.object()
              .put("name", pool.name())
              .put("uuid", pool.uuid().toString())
              .put("started", start)
              .put("autostart", autostart));
    } else {
      out().println(Cells.plain(pool.name()) + ": defined" + (start ? " and started" : ""));
    }
    return ExitStatus.OK.code();
  }

  private static String description(String name, String folder) {
    XmlElement pool = new XmlElement("pool").set("type", "dir");
    pool.append("name").text(name);
    pool.append("target").append("path").text(folder);
    return pool.toString();
  }
}
