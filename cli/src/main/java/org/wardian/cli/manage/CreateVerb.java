package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainCreateFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a machine from its description in libvirt's XML, and forgets it when it stops. 'ward"
          + " define --start' keeps it.",
      "",
      "  ward create try.xml",
      "  ward create --console - <try.xml",
      ""
    })
final class CreateVerb extends ManageAction {
  @Option(names = "--paused", description = "Leave it paused; 'ward resume' lets it go on.")
  private boolean paused;

  @Option(
      names = "--auto-stop",
      description = "Stop it as if its plug were pulled when this verb's connection ends.")
  private boolean autoStop;

  @Option(names = "--console", description = "Go to its console at once.")
  private boolean console;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The description; - is standard input.")
  private Path file;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    int flags =
        (paused || console ? DomainCreateFlags.START_PAUSED : 0)
            | (autoStop ? DomainCreateFlags.START_AUTODESTROY : 0);
    Domain domain = connection.createDomain(XmlFile.read(file), flags);
    if (json.asked()) {
      print(
          Json.object()
              .put("id", domain.id())
              .put("name", domain.name())
              .put("uuid", domain.uuid().toString()));
    } else {
      out().println(Cells.plain(domain.name()) + ": started" + (paused ? ", and paused" : ""));
    }
    out().flush();
    if (console) {
      // It was started paused, so that nothing of its start is missed.
      ConsoleLink.join(domain, null, 0, err(), paused ? null : domain::resume);
    }
    return ExitStatus.OK.code();
  }
}
