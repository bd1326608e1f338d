package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainDeviceModifyFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code ward attach} and {@code ward detach} have in common. */
abstract class DeviceVerb extends ManageAction {
  @Option(
      names = {"-p", "--persistent"},
      description = "For good: in what is kept, and at once where the machine runs.")
  private boolean persistent;

  @Option(names = "--live", description = "In the running machine.")
  private boolean live;

  @Option(names = "--config", description = "In what is kept: from its next start.")
  private boolean config;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name, UUID or id of the machine.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "The device's description in libvirt's XML; - is standard input.")
  private Path file;

  abstract void change(Domain domain, String xml, int flags) throws LibvirtException;

  abstract String done();

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    Domain domain = Lookup.domain(connection, name);
    boolean active = DomainStates.now(connection, domain).isActive();
    int flags =
        (live || (persistent && active) ? DomainDeviceModifyFlags.LIVE : 0)
            | (config || persistent ? DomainDeviceModifyFlags.CONFIG : 0);
    change(domain, XmlFile.read(file), flags);
    if (json.asked()) {
      print(
          Json.object()
              .put("name", domain.name())
              .put("uuid", domain.uuid().toString())
              .put("done", done()));
    } else {
      out().println(Cells.plain(domain.name()) + ": " + done());
    }
    return ExitStatus.OK.code();
  }
}
