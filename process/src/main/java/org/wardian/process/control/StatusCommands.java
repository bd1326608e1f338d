package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/** The machine as a whole: run states, processors, names, power and reset. */
final class StatusCommands {
  private final DomainDocument document;
  private final MachineControl control;
  private final InternalSnapshots snapshots;

  StatusCommands(DomainDocument document, MachineControl control) {
    this.document = document;
    this.control = control;
    this.snapshots = new InternalSnapshots(control);
  }

  void addTo(CommandTable table) {
    table.add("query-status", List.of(), arguments -> status());
    table.add("query-name", List.of(), a -> Replies.object().put("name", document.name()));
    table.add("query-uuid", List.of(), arguments -> uuid());
    table.add("query-kvm", List.of(), arguments -> kvm());
    table.add(
        "query-current-machine",
        List.of(),
        arguments -> Replies.object().put("wakeup-suspend-support", document.canSleep()));
    table.add("query-target", List.of(), a -> Replies.object().put("arch", "x86_64"));
    table.add("query-iothreads", List.of(), arguments -> Replies.list());
    table.add("x-wardian-counters", List.of(), arguments -> counters());
    table.add(
        "stop",
        List.of(),
        arguments -> {
          control.stop();
          return Arguments.none();
        });
    table.add(
        "cont",
        List.of(),
        arguments -> {
          control.cont();
          return Arguments.none();
        });
    table.add("system_powerdown", List.of(), arguments -> powerDown());
    table.add(
        "system_wakeup",
        List.of(),
        arguments -> {
          if (!document.canSleep()) {
            throw new QmpException("wake-up from suspend is not supported by this guest");
          }
          control.wake();
          return Arguments.none();
        });
    table.add(
        "system_reset",
        List.of(),
        arguments -> {
          control.reset();
          return Arguments.none();
        });
    table.add(
        "inject-nmi",
        List.of(),
        arguments -> {
          control.machine().injectNmi();
          return Arguments.none();
        });
    table.add(
        "quit",
        List.of(),
        arguments -> {
          control.quit("host-qmp-quit");
          return Arguments.none();
        });
    table.add(
        "human-monitor-command",
        List.of(
            required("command-line", ParameterType.STRING),
            optional("cpu-index", ParameterType.INTEGER)),
        this::human);
  }

  private JsonNode status() {
    RunState state = control.state();
    return Replies.object()
        .put("status", state.text())
        .put("singlestep", false)
        .put("running", state == RunState.RUNNING);
  }

  private JsonNode uuid() {
    return Replies.object()
        .put(
            "UUID",
            document.uuid().map(Object::toString).orElse("00000000-0000-0000-0000-000000000000"));
  }

  private JsonNode kvm() {
    return Replies.object()
        .put("enabled", control.accelerator().equals("kvm"))
        .put("present", true);
  }

  private JsonNode counters() {
    ObjectNode counters = Replies.object();
    control.machine().counters().forEach(counters::put);
    return counters;
  }

  private JsonNode powerDown() {
    if (control.state() == RunState.RUNNING) {
      control.machine().pressPowerButton();
    }
    control.send("POWERDOWN", Arguments.none());
    return Arguments.none();
  }

  /** The monitor for people, as far as programs use it. */
  private JsonNode human(Arguments arguments) throws QmpException {
    String line = arguments.string("command-line").strip();
    String text =
        switch (line) {
          case "info status" -> "VM status: " + words(control.state()) + "\r\n";
          case "info name" -> document.name() + "\r\n";
          case "info version" -> "7.2.0 Wardian\r\n";
          case "info uuid" -> uuid().path("UUID").asText() + "\r\n";
          case "info kvm" ->
              "kvm support: "
                  + (kvm().path("enabled").asBoolean() ? "enabled" : "disabled")
                  + "\r\n";
          case "info cpus" -> cpus();
          case "stop" -> {
            control.stop();
            yield "";
          }
          case "cont" -> {
            control.cont();
            yield "";
          }
          case "info snapshots" -> snapshots.list();
          default -> named(line);
        };
    return JsonNodeFactory.instance.textNode(text);
  }

  /** A command with a name behind it. */
  private String named(String line) {
    int space = line.indexOf(' ');
    String name = space < 0 ? "" : unquoted(line.substring(space + 1).strip());
    return switch (space < 0 || name.isEmpty() ? "" : line.substring(0, space)) {
      case "savevm" -> snapshots.save(name);
      case "delvm" -> snapshots.delete(name);
      default -> "unknown command: '" + line + "'\r\n";
    };
  }

  private static String unquoted(String name) {
    boolean quoted = name.length() > 1 && name.startsWith("\"") && name.endsWith("\"");
    return quoted ? name.substring(1, name.length() - 1) : name;
  }

  private static String words(RunState state) {
    return switch (state) {
      case RUNNING -> "running";
      case PAUSED -> "paused";
      default -> "paused (" + state.text() + ")";
    };
  }

  private String cpus() {
    StringBuilder lines = new StringBuilder();
    int index = 0;
    for (int thread : control.machine().processorThreads()) {
      lines.append(index == 0 ? "* " : "  ");
      lines.append("CPU #").append(index++).append(": thread_id=").append(thread).append("\r\n");
    }
    return lines.toString();
  }
}
