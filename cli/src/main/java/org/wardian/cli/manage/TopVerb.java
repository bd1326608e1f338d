package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.TimeLimit;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.ConnectGetAllDomainStatsFlags;
import org.wardian.libvirt.constants.ConnectListAllDomainsFlags;
import org.wardian.libvirt.constants.DomainStatsTypes;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward top}. */
@Command(
    name = "top",
    mixinStandardHelpOptions = true,
    description = {
      "Shows what the running machines do: processor time (100 %% is one processor of the host),"
          + " memory, and what goes through their disks and network cards, as bytes a second.",
      "",
      "Keys: q leaves; sorted by c CPU, m memory, d disk, n network, t time, a name; r turns it"
          + " round; any other key looks at once.",
      "",
      "  ward top",
      "  ward top --once --sort memory",
      "  ward top --json --count 10 >load.jsonl",
      ""
    })
final class TopVerb extends ManageAction {
  private static final int GROUPS =
      DomainStatsTypes.STATE
          | DomainStatsTypes.CPU_TOTAL
          | DomainStatsTypes.BALLOON
          | DomainStatsTypes.VCPU
          | DomainStatsTypes.INTERFACE
          | DomainStatsTypes.BLOCK;

  /** Enough for a file or a pipe, where nothing says how wide it is. */
  private static final int WIDE = 120;

  private static final char CONTROL_C = 3;

  @Option(
      names = {"-d", "--delay"},
      paramLabel = "TIME",
      defaultValue = "2",
      description = "How long between two looks, such as 0.5 or 10.")
  private TimeLimit delay;

  @Option(
      names = {"-s", "--sort"},
      paramLabel = "ORDER",
      defaultValue = "cpu",
      description = "cpu, memory, disk, network, time or name.")
  private String sort;

  @Option(names = "--reverse", description = "The least first.")
  private boolean reversed;

  @Option(names = "--once", description = "Print the table of one delay, and leave.")
  private boolean once;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "0",
      description = "Print that many tables one after the other, and leave.")
  private int count;

  @Mixin private JsonOption json;

  private MachineLoad.Order order = MachineLoad.Order.CPU;
  private boolean flagRefused;

  @Override
  void check() {
    for (MachineLoad.Order one : MachineLoad.Order.values()) {
      if (one.toString().equals(sort.toLowerCase(Locale.ROOT))) {
        order = one;
        return;
      }
    }
    throw mistake("--sort is cpu, memory, disk, network, time or name, not '" + sort + "'");
  }

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    if (!once && count == 0 && !json.asked()) {
      Optional<TopScreen> screen = TopScreen.open();
      if (screen.isPresent()) {
        try (TopScreen shown = screen.get()) {
          live(connection, shown);
        }
        return ExitStatus.OK.code();
      }
    }
    long at = System.nanoTime();
    List<MachineSample> before = samples(connection);
    for (int round = 1; ; round++) {
      Thread.sleep(delay.duration());
      List<MachineSample> now = samples(connection);
      long then = System.nanoTime();
      print(order.sort(MachineLoad.between(before, now, then - at), reversed), round);
      if (once || round == count || out().checkError()) {
        return ExitStatus.OK.code();
      }
      at = then;
      before = now;
    }
  }

  private void print(List<MachineLoad> loads, int round) {
    if (json.asked()) {
      ArrayNode list = Json.array();
      loads.forEach(one -> list.add(one.tree()));
      if (once) {
        print(list);
      } else {
        out().println(Json.line(list));
      }
    } else {
      if (round > 1) {
        out().println();
      }
      TopTable.lines(loads, WIDE, Integer.MAX_VALUE).forEach(out()::println);
    }
    out().flush();
  }

  private List<MachineSample> samples(Connection connection) throws LibvirtException {
    List<MachineSample> samples = new ArrayList<>();
    // A machine that is busy with something else is told without what would have to wait.
    int flags =
        ConnectGetAllDomainStatsFlags.ACTIVE
            | (flagRefused ? 0 : ConnectGetAllDomainStatsFlags.NOWAIT);
    try {
      connection
          .domainStatistics(GROUPS, flags)
          .forEach((domain, figures) -> samples.add(MachineSample.of(domain, figures)));
      return samples;
    } catch (LibvirtException e) {
      if (e.is(ErrorNumber.NO_SUPPORT)) {
        return plainSamples(connection);
      }
      if (flagRefused || !Refusals.isUnsupported(e)) {
        throw e;
      }
      flagRefused = true;
      return samples(connection);
    }
  }

  /** Of a daemon that has no statistics: state, processor time and memory. */
  private static List<MachineSample> plainSamples(Connection connection) throws LibvirtException {
    List<MachineSample> samples = new ArrayList<>();
    for (Domain domain : connection.domains(ConnectListAllDomainsFlags.ACTIVE)) {
      try {
        samples.add(MachineSample.of(domain, domain.info()));
      } catch (LibvirtException e) {
        if (!Refusals.isNotFound(e)) {
          throw e;
        }
        // It went between the list and the question.
      }
    }
    return samples;
  }

  private void live(Connection connection, TopScreen screen)
      throws LibvirtException, InterruptedException {
    long at = System.nanoTime();
    List<MachineSample> before = samples(connection);
    List<MachineLoad> loads = MachineLoad.between(before, before, 1);
    String title = connection.hostname() + " " + connection.uri();
    while (true) {
      show(screen, title, loads);
      char key = screen.key(at + delay.duration().toNanos() - System.nanoTime());
      if (key == 'q' || key == 'Q' || key == CONTROL_C) {
        return;
      }
      if (key != 0 && choose(key)) {
        continue;
      }
      List<MachineSample> now = samples(connection);
      long then = System.nanoTime();
      loads = MachineLoad.between(before, now, then - at);
      at = then;
      before = now;
    }
  }

  /** Whether a key only changes how the same figures are shown. */
  private boolean choose(char key) {
    if (key == 'r') {
      reversed = !reversed;
      return true;
    }
    for (MachineLoad.Order one : MachineLoad.Order.values()) {
      if (one.key() == key) {
        order = one;
        return true;
      }
    }
    return false;
  }

  private void show(TopScreen screen, String title, List<MachineLoad> loads) {
    int width = screen.columns();
    double percent = loads.stream().mapToDouble(MachineLoad::percent).sum();
    List<String> lines = new ArrayList<>();
    lines.add(
        TopTable.cut(
            Cells.plain(
                String.format(
                    Locale.ROOT,
                    "%s  machines %d, CPU %.1f%%, by %s%s  %s",
                    LocalTime.now().truncatedTo(ChronoUnit.SECONDS),
                    loads.size(),
                    percent,
                    order,
                    reversed ? " turned round" : "",
                    title)),
            width));
    lines.addAll(TopTable.lines(order.sort(loads, reversed), width, screen.rows() - 1));
    screen.show(lines);
  }
}
