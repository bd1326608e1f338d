package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.TimeLimit;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward events}. */
@Command(
    name = "events",
    mixinStandardHelpOptions = true,
    description = {
      "Prints what happens at a daemon, a line for each event, until Ctrl-C: machines that start,"
          + " stop and change, networks, storage pools, devices of the host, secrets.",
      "",
      "  ward events",
      "  ward events --json | jq -r 'select(.event == \"lifecycle\") | .name + \" \" + .type'",
      "  ward events --machine web --count 1 --timeout 5m",
      ""
    })
final class EventsVerb extends ManageAction {
  private static final List<String> FAMILIES =
      List.of("domain", "network", "pool", "device", "secret");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT);

  @Option(
      names = {"-m", "--machine"},
      paramLabel = "NAME",
      description = "Only of this machine: name, UUID or id.")
  private String machine;

  @Option(
      names = "--family",
      paramLabel = "FAMILY",
      split = ",",
      description = "Only of domain, network, pool, device or secret; several by commas.")
  private List<String> families = new ArrayList<>();

  @Option(
      names = "--event",
      paramLabel = "EVENT",
      split = ",",
      description = "Only those that are called so, such as lifecycle or block-job.")
  private List<String> kinds = new ArrayList<>();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "0",
      description = "Leave after so many.")
  private int count;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "Leave after this time; status 8 where --count has not been reached by then.")
  private TimeLimit timeout;

  @Mixin private JsonOption json;

  @Override
  void check() {
    for (String family : families) {
      if (!FAMILIES.contains(family)) {
        throw mistake(
            "there is no family '" + family + "'; there is " + String.join(", ", FAMILIES));
      }
    }
    if (machine != null && !families.isEmpty() && !families.equals(List.of("domain"))) {
      throw mistake("--machine has events of the family domain only");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    LinkedBlockingQueue<Optional<ObjectNode>> queue = new LinkedBlockingQueue<>();
    // An end comes as no event.
    connection.whenClosed(why -> queue.add(Optional.empty()));
    try (EventFeed feed =
        new EventFeed(
            connection,
            event -> {
              event.put("time", Instant.now().toString());
              queue.add(Optional.of(event));
            })) {
      subscribe(connection, feed);
      return pass(queue);
    }
  }

  private void subscribe(Connection connection, EventFeed feed) throws LibvirtException {
    if (wants("domain")) {
      feed.domains(machine == null ? null : Lookup.domain(connection, machine));
    }
    if (wants("network")) {
      feed.networks();
    }
    if (wants("pool")) {
      feed.pools();
    }
    if (wants("device")) {
      feed.devices();
    }
    if (wants("secret")) {
      feed.secrets();
    }
    feed.requireAny();
  }

  private boolean wants(String family) {
    return machine == null
        ? families.isEmpty() || families.contains(family)
        : family.equals("domain");
  }

  private int pass(LinkedBlockingQueue<Optional<ObjectNode>> queue) throws InterruptedException {
    long until =
        timeout == null ? Long.MAX_VALUE : System.nanoTime() + timeout.duration().toNanos();
    int told = 0;
    while (count == 0 || told < count) {
      Optional<ObjectNode> next =
          timeout == null
              ? queue.take()
              : queue.poll(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (next == null) {
        return (count == 0 ? ExitStatus.OK : ExitStatus.TIMEOUT).code();
      }
      ObjectNode event =
          next.orElseThrow(
              () -> new Failure(ExitStatus.NO_DAEMON, "the daemon has ended the connection"));
      if (!kinds.isEmpty() && !kinds.contains(event.get("event").asText())) {
        continue;
      }
      out().println(json.asked() ? Json.line(event) : line(event));
      told++;
      if (out().checkError()) {
        return ExitStatus.OUTPUT_CLOSED.code();
      }
    }
    return ExitStatus.OK.code();
  }

  private static String line(ObjectNode event) {
    Instant time = Instant.parse(event.get("time").asText());
    return EventText.line(event, TIME.format(time.atZone(ZoneId.systemDefault())));
  }
}
