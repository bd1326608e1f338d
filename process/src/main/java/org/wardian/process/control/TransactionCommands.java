package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.Parameter;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/**
 * Commands of which several can be done at one moment for all disks, all or none; each is a command
 * of its own too.
 */
final class TransactionCommands {
  /** Makes a part of a transaction of its arguments. */
  interface Maker {
    TransactionAction of(Arguments arguments) throws QmpException;
  }

  private record Kind(List<Parameter> parameters, Maker maker) {}

  private final MachineControl control;
  private final JobTable jobs;
  private final Map<String, Kind> kinds = new LinkedHashMap<>();

  TransactionCommands(MachineControl control, JobTable jobs) {
    this.control = control;
    this.jobs = jobs;
    kinds.put("abort", new Kind(List.of(), arguments -> new Abort()));
  }

  /** Adds a command that may be a part. */
  void add(CommandTable table, String name, List<Parameter> parameters, Maker maker) {
    kinds.put(name, new Kind(parameters, maker));
    table.add(
        name,
        parameters,
        arguments -> {
          run(List.of(maker.of(arguments)));
          return Arguments.none();
        });
  }

  void addTo(CommandTable table) {
    table.add(
        "transaction",
        List.of(
            required("actions", ParameterType.LIST), optional("properties", ParameterType.OBJECT)),
        this::transaction);
  }

  private JsonNode transaction(Arguments arguments) throws QmpException {
    if (arguments.has("properties")) {
      String mode =
          arguments.object("properties").optionalString("completion-mode").orElse("individual");
      if (!mode.equals("individual")) {
        throw new QmpException(
            "Parameter 'completion-mode' '" + mode + "' is not supported by this machine");
      }
    }
    List<TransactionAction> actions = new ArrayList<>();
    for (JsonNode action : arguments.list("actions")) {
      if (!(action instanceof ObjectNode members)) {
        throw new QmpException("Invalid parameter type for 'actions', expected: object");
      }
      Arguments wanted = Arguments.of(members);
      String type = wanted.string("type");
      Kind kind = kinds.get(type);
      if (kind == null) {
        throw Replies.noValue("type", type);
      }
      Arguments data = wanted.has("data") ? wanted.object("data") : Arguments.of(Arguments.none());
      data.allowOnly(kind.parameters().stream().map(Parameter::name).toList());
      actions.add(kind.maker().of(data));
    }
    run(actions);
    return Arguments.none();
  }

  /** Does all, or nothing. */
  private void run(List<TransactionAction> actions) throws QmpException {
    synchronized (control.changing()) {
      synchronized (jobs) {
        List<Drive> drives = List.copyOf(control.parts().drives().values());
        drives.forEach(drive -> drive.device().drain());
        Deque<TransactionAction> prepared = new ArrayDeque<>();
        try {
          for (TransactionAction action : actions) {
            action.prepare();
            prepared.push(action);
          }
          actions.forEach(TransactionAction::commit);
        } catch (QmpException | RuntimeException e) {
          prepared.forEach(TransactionAction::abort);
          throw e;
        } finally {
          drives.forEach(drive -> drive.device().endDrain());
        }
      }
    }
  }

  /** Fails, to try what failing does. */
  private static final class Abort implements TransactionAction {
    @Override
    public void prepare() throws QmpException {
      throw new QmpException("Transaction aborted using Abort action");
    }

    @Override
    public void commit() {
      // It never comes to that.
    }

    @Override
    public void abort() {
      // Nothing was done.
    }
  }
}
