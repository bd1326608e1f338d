package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward dumpxml}. */
@Command(
    name = "dumpxml",
    mixinStandardHelpOptions = true,
    description = {
      "Prints the descriptions of machines in libvirt's XML: as they run, or as they are kept.",
      "",
      "  ward dumpxml web",
      "  ward dumpxml --inactive --secure web >web.xml",
      ""
    })
final class DumpXmlVerb extends ManageAction {
  @Option(names = "--inactive", description = "As it will be at its next start.")
  private boolean inactive;

  @Option(names = "--secure", description = "With passwords, for which the daemon must trust you.")
  private boolean secure;

  @Option(names = "--migratable", description = "As another host may take it over.")
  private boolean migratable;

  @Option(names = "--update-cpu", description = "With the host's own processor written out.")
  private boolean updateCpu;

  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "NAME",
      arity = "1..*",
      description = "Names, UUIDs, or ids of running machines.")
  private List<String> names;

  @Override
  int act(Connection connection) throws LibvirtException {
    int flags =
        (inactive ? DomainXmlFlags.INACTIVE : 0)
            | (secure ? DomainXmlFlags.SECURE : 0)
            | (migratable ? DomainXmlFlags.MIGRATABLE : 0)
            | (updateCpu ? DomainXmlFlags.UPDATE_CPU : 0);
    ArrayNode list = Json.array();
    for (String name : names) {
      Domain domain = Lookup.domain(connection, name);
      String xml = domain.xml(flags);
      if (json.asked()) {
        list.addObject()
            .put("name", domain.name())
            .put("uuid", domain.uuid().toString())
            .put("xml", xml);
      } else {
        out().print(xml.endsWith("\n") ? xml : xml + "\n");
      }
    }
    if (json.asked()) {
      print(list);
    }
    return ExitStatus.OK.code();
  }
}
