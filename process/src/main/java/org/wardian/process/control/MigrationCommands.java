package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.machine.state.StateFile;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/**
 * A machine that is saved: {@code migrate} with {@code file:PATH}. The machine stands still from
 * the moment that its state is written, and stays so; {@code cont} lets it go on here none the
 * less.
 */
final class MigrationCommands {
  private static final String FILE = "file:";
  private static final double MILLION = 1e6;

  private final MachineControl control;

  // Under this object's monitor.
  private String status = "";
  private String failure = "";
  private long started;
  private long ended;
  private long bytes;

  MigrationCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add(
        "migrate",
        List.of(
            required("uri", ParameterType.STRING),
            optional("blk", ParameterType.BOOLEAN),
            optional("inc", ParameterType.BOOLEAN),
            optional("detach", ParameterType.BOOLEAN),
            optional("resume", ParameterType.BOOLEAN)),
        this::migrate);
    table.add("query-migrate", List.of(), arguments -> query());
    table.add("query-migrate-capabilities", List.of(), arguments -> Replies.list());
    table.add(
        "migrate-set-capabilities",
        List.of(required("capabilities", ParameterType.LIST)),
        this::setCapabilities);
    table.add("query-migrate-parameters", List.of(), arguments -> Replies.object());
    table.add("migrate_cancel", List.of(), arguments -> Arguments.none());
  }

  private JsonNode setCapabilities(Arguments arguments) throws QmpException {
    for (JsonNode capability : arguments.list("capabilities")) {
      String name = capability.path("capability").asText();
      if (capability.path("state").asBoolean() && !name.equals("events")) {
        throw new QmpException("this machine cannot migrate with " + name);
      }
    }
    return Arguments.none();
  }

  private JsonNode migrate(Arguments arguments) throws QmpException {
    String uri = arguments.string("uri");
    if (!uri.startsWith(FILE)) {
      throw new QmpException("Parameter 'uri' expects a valid migration protocol: file:PATH");
    }
    Path path = Path.of(uri.substring(FILE.length()));
    if (control.state().isOver()) {
      throw new QmpException("the machine has ended: there is nothing to save");
    }
    synchronized (this) {
      if (status.equals("setup") || status.equals("active")) {
        throw new QmpException("There's a migration process in progress");
      }
      started = System.nanoTime();
      bytes = 0;
    }
    enter("setup", "");
    Thread.ofPlatform().daemon().name("migration").start(() -> save(path));
    return Arguments.none();
  }

  private void enter(String next, String why) {
    synchronized (this) {
      status = next;
      failure = why;
      ended = System.nanoTime();
    }
    control.send("MIGRATION", Arguments.none().put("status", next));
  }

  private void save(Path path) {
    synchronized (control.changing()) {
      RunState before = control.state();
      boolean ran = before.isLive();
      if (!control.stand()) {
        enter("failed", "the machine has come to its end");
        return;
      }
      if (ran) {
        control.send("STOP", Arguments.none());
      }
      control.setState(RunState.FINISH_MIGRATE);
      enter("active", "");
      try (StateFile file = StateFile.create(path)) {
        control.machine().save(file);
        for (Drive drive : control.parts().drives().values()) {
          drive.device().image().flush();
        }
        // No marks of the disks: their files may change a last time when this process closes them.
        file.complete(List.of());
        synchronized (this) {
          bytes = file.size();
        }
        control.setState(RunState.POSTMIGRATE);
        enter("completed", "");
      } catch (IOException | RuntimeException e) {
        control.setState(before);
        if (ran) {
          control.machine().resume();
          control.send("RESUME", Arguments.none());
        }
        enter("failed", path + ": " + e.getMessage());
      }
    }
  }

  private synchronized JsonNode query() {
    ObjectNode answer = Replies.object();
    if (status.isEmpty()) {
      return answer;
    }
    answer.put("status", status);
    if (status.equals("completed")) {
      long milliseconds = Math.round((ended - started) / MILLION);
      answer.put("total-time", milliseconds).put("downtime", milliseconds).put("setup-time", 0);
      answer
          .putObject("ram")
          .put("total", bytes)
          .put("transferred", bytes)
          .put("remaining", 0)
          .put("page-size", 4096);
    }
    if (!failure.isEmpty()) {
      answer.put("error-desc", failure);
    }
    return answer;
  }
}
