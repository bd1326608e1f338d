package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.ConnectListAllDomainsFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the machines that run; with --all those too that do not.",
      "",
      "  ward list --all",
      "  ward list --names --inactive | xargs ward start",
      "  ward list -c qemu+tls://host/system --json | jq '.[].name'",
      ""
    })
final class ListVerb extends ManageAction {
  @Option(
      names = {"-a", "--all"},
      description = "Also machines that are shut off.")
  private boolean all;

  @Option(names = "--inactive", description = "Only machines that are shut off.")
  private boolean inactive;

  @Option(
      names = {"-n", "--names"},
      description = "Only names, one a line, for a shell.")
  private boolean namesOnly;

  @Mixin private JsonOption json;

  @Override
  int act(Connection connection) throws LibvirtException {
    int flags =
        inactive
            ? ConnectListAllDomainsFlags.INACTIVE
            : all
                ? ConnectListAllDomainsFlags.ACTIVE | ConnectListAllDomainsFlags.INACTIVE
                : ConnectListAllDomainsFlags.ACTIVE;
    List<Domain> domains = new ArrayList<>(connection.domains(flags));
    // As they were started, and behind them by name those that were not.
    domains.sort(
        Comparator.comparingInt((Domain one) -> one.id() < 0 ? Integer.MAX_VALUE : one.id())
            .thenComparing(Domain::name));
    ArrayNode list = Json.array();
    Cells cells = new Cells(">ID", "NAME", "STATE", ">CPUS", ">MEMORY");
    for (Domain domain : domains) {
      if (namesOnly && !json.asked()) {
        out().println(Cells.plain(domain.name()));
        continue;
      }
      try {
        DomainGetInfoRet info = domain.info();
        cells.row(
            domain.id() < 0 ? null : domain.id(),
            domain.name(),
            DomainStates.words(info.state()),
            info.nrVirtCpu(),
            DiskSize.text(info.memory() << 10));
        list.add(tree(domain, info));
      } catch (LibvirtException e) {
        if (!Refusals.isNotFound(e)) {
          throw e;
        }
        // It went between the list and the question.
      }
    }
    if (json.asked()) {
      print(list);
    } else if (!namesOnly) {
      cells.print(out());
    }
    return ExitStatus.OK.code();
  }

  private ObjectNode tree(Domain domain, DomainGetInfoRet info) throws LibvirtException {
    ObjectNode node = Json.object();
    if (!json.asked()) {
      return node;
    }
    node.put("id", domain.id() < 0 ? null : domain.id());
    node.put("name", domain.name());
    node.put("uuid", domain.uuid().toString());
    node.put("state", DomainStates.words(info.state()));
    node.put("processors", info.nrVirtCpu());
    node.put("memory", info.memory() << 10);
    node.put("maximumMemory", info.maxMem() << 10);
    node.put("processorNanoseconds", info.cpuTime());
    node.put("persistent", domain.isPersistent());
    node.put("autostart", domain.isPersistent() && domain.autostart());
    return node;
  }
}
