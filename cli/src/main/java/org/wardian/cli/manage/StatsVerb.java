package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.TimeLimit;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainStatsTypes;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward stats}. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    description = {
      "Prints all figures that a daemon has of machines, by libvirt's names for them: times in ns,"
          + " memory in KiB, others in bytes or numbers. Without NAME of all machines.",
      "",
      "  ward stats web",
      "  ward stats --group block,interface --watch web",
      "  ward stats --json | jq '.[] | {name, time: .statistics[\"cpu.time\"]}'",
      ""
    })
final class StatsVerb extends ManageAction {
  private static final Map<String, Integer> GROUPS = groups();

  @Option(
      names = {"-g", "--group"},
      paramLabel = "GROUP",
      split = ",",
      description =
          "Only state, cpu, balloon, vcpu, interface, block, perf, iothread, memory, dirtyrate or"
              + " vm; several by commas.")
  private List<String> groups = new ArrayList<>();

  @Option(
      names = {"-w", "--watch"},
      arity = "0..1",
      fallbackValue = "2",
      paramLabel = "TIME",
      description = "Again and again, every 2 s or TIME; with --json a line each time.")
  private TimeLimit watch;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "With --watch: so many times.",
      defaultValue = "0")
  private int count;

  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..*",
      description = "Names, UUIDs, or ids of running machines.")
  private List<String> names = new ArrayList<>();

  private static Map<String, Integer> groups() {
    Map<String, Integer> groups = new LinkedHashMap<>();
    groups.put("state", DomainStatsTypes.STATE);
    groups.put("cpu", DomainStatsTypes.CPU_TOTAL);
    groups.put("balloon", DomainStatsTypes.BALLOON);
    groups.put("vcpu", DomainStatsTypes.VCPU);
    groups.put("interface", DomainStatsTypes.INTERFACE);
    groups.put("block", DomainStatsTypes.BLOCK);
    groups.put("perf", DomainStatsTypes.PERF);
    groups.put("iothread", DomainStatsTypes.IOTHREAD);
    groups.put("memory", DomainStatsTypes.MEMORY);
    groups.put("dirtyrate", DomainStatsTypes.DIRTYRATE);
    groups.put("vm", DomainStatsTypes.VM);
    return groups;
  }

  @Override
  void check() {
    for (String group : groups) {
      if (!GROUPS.containsKey(group.toLowerCase(Locale.ROOT))) {
        throw mistake(
            "there is no group '" + group + "'; there is " + String.join(", ", GROUPS.keySet()));
      }
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    int mask = groups.stream().mapToInt(one -> GROUPS.get(one.toLowerCase(Locale.ROOT))).sum();
    for (int round = 1; ; round++) {
      tell(ask(connection, mask));
      out().flush();
      if (watch == null || round == count || out().checkError()) {
        return ExitStatus.OK.code();
      }
      Thread.sleep(watch.duration());
      if (!json.asked()) {
        out().println();
      }
    }
  }

  private Map<Domain, Map<String, Object>> ask(Connection connection, int mask)
      throws LibvirtException {
    if (names.isEmpty()) {
      return connection.domainStatistics(mask, 0);
    }
    Map<Domain, Map<String, Object>> all = new LinkedHashMap<>();
    for (String name : names) {
      Domain domain = Lookup.domain(connection, name);
      all.put(domain, domain.statistics(mask));
    }
    return all;
  }

  private void tell(Map<Domain, Map<String, Object>> all) {
    ArrayNode list = Json.array();
    all.forEach((domain, figures) -> {
      if (!json.asked()) {
        out().println(Cells.plain(domain.name()));
        figures.forEach((key, value) -> out().println("  " + Cells.plain(key + " = " + value)));
        return;
      }
      ObjectNode node = list.addObject();
      node.put("name", domain.name()).put("uuid", domain.uuid().toString());
      ObjectNode values = node.putObject("statistics");
      figures.forEach((key, value) -> {
        switch (value) {
          case Integer one -> values.put(key, one);
          case Long one -> values.put(key, one);
          case Double one -> values.put(key, one);
          case Boolean one -> values.put(key, one);
          default -> values.put(key, value.toString());
        }
      });
    });
    if (json.asked() && watch != null) {
      out().println(Json.line(list));
    } else if (json.asked()) {
      print(list);
    }
  }
}
