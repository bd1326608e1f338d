package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The commands of a server by name. {@code query-version} and {@code query-commands} are there from
 * the start; {@code qmp_capabilities} is each session's own.
 */
public final class CommandTable {
  private record Entry(List<Parameter> parameters, QmpCommand command, boolean outOfBand) {}

  private final QmpVersion version;
  private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

  /** A table without commands of a machine. */
  public CommandTable(QmpVersion version) {
    this.version = version;
    add("query-version", List.of(), arguments -> version.toJson());
    add("query-commands", List.of(), arguments -> names());
    add(
        ServerSession.NEGOTIATION,
        List.of(Parameter.optional("enable", ParameterType.LIST)),
        CommandTable::late);
  }

  private static JsonNode late(Arguments arguments) throws QmpException {
    throw new QmpException(
        ErrorClass.COMMAND_NOT_FOUND,
        "Capabilities negotiation is already complete, command ignored");
  }

  /** Whose commands they are. */
  public QmpVersion version() {
    return version;
  }

  /**
   * Adds a command.
   *
   * @throws IllegalArgumentException when there is one of that name
   */
  public void add(String name, List<Parameter> parameters, QmpCommand command) {
    add(name, new Entry(List.copyOf(parameters), command, false));
  }

  /** Adds a command that returns at once and may be sent by {@code exec-oob} too. */
  public void addOutOfBand(String name, List<Parameter> parameters, QmpCommand command) {
    add(name, new Entry(List.copyOf(parameters), command, true));
  }

  private void add(String name, Entry entry) {
    if (entries.putIfAbsent(name, entry) != null) {
      throw new IllegalArgumentException("two commands " + name);
    }
  }

  private ArrayNode names() {
    ArrayNode names = JsonNodeFactory.instance.arrayNode();
    for (String name : entries.keySet()) {
      names.addObject().put("name", name);
    }
    return names;
  }

  /** Whether there is a command of that name. */
  public boolean has(String name) {
    return entries.containsKey(name);
  }

  /**
   * Finds a command, checks its arguments and executes it.
   *
   * @param outOfBand whether the client asked for that
   */
  public JsonNode execute(String name, ObjectNode arguments, boolean outOfBand)
      throws QmpException {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new QmpException(
          ErrorClass.COMMAND_NOT_FOUND, "The command " + name + " has not been found");
    }
    if (outOfBand && !entry.outOfBand()) {
      throw new QmpException("The command " + name + " does not support OOB");
    }
    return entry.command().execute(Arguments.checked(arguments, entry.parameters()));
  }
}
