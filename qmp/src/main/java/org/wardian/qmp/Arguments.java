package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A command's arguments. Those that the command declared have been checked when it is called;
 * members of nested objects are checked where they are asked for, with the same errors.
 */
public final class Arguments {
  private final ObjectNode members;
  private final String prefix;

  private Arguments(ObjectNode members, String prefix) {
    this.members = members;
    this.prefix = prefix;
  }

  /** Arguments that nobody has checked. */
  public static Arguments of(ObjectNode members) {
    return new Arguments(members, "");
  }

  /** Arguments of a command that takes these parameters. */
  static Arguments checked(ObjectNode members, List<Parameter> parameters) throws QmpException {
    Arguments arguments = new Arguments(members, "");
    for (Parameter parameter : parameters) {
      if (!parameter.optional() || members.has(parameter.name())) {
        arguments.require(parameter.name(), parameter.type());
      }
    }
    arguments.allowOnly(parameters.stream().map(Parameter::name).toList());
    return arguments;
  }

  /**
   * Refuses members of other names.
   *
   * @throws QmpException naming the first
   */
  public void allowOnly(List<String> names) throws QmpException {
    for (String name : (Iterable<String>) members::fieldNames) {
      if (!names.contains(name)) {
        throw new QmpException("Parameter '" + prefix + name + "' is unexpected");
      }
    }
  }

  /** Whether it is there. */
  public boolean has(String name) {
    return members.has(name);
  }

  /** The members as they came. */
  public ObjectNode members() {
    return members;
  }

  private JsonNode require(String name, ParameterType type) throws QmpException {
    JsonNode value = members.get(name);
    if (value == null) {
      throw new QmpException("Parameter '" + prefix + name + "' is missing");
    }
    if (!type.accepts(value)) {
      throw new QmpException(
          "Invalid parameter type for '" + prefix + name + "', expected: " + type.word());
    }
    return value;
  }

  /** A string that must be there. */
  public String string(String name) throws QmpException {
    return require(name, ParameterType.STRING).textValue();
  }

  /** A string that may be absent. */
  public Optional<String> optionalString(String name) throws QmpException {
    return has(name) ? Optional.of(string(name)) : Optional.empty();
  }

  /** A whole number that must be there. */
  public long integer(String name) throws QmpException {
    return require(name, ParameterType.INTEGER).longValue();
  }

  /** A whole number that may be absent. */
  public OptionalLong optionalInteger(String name) throws QmpException {
    return has(name) ? OptionalLong.of(integer(name)) : OptionalLong.empty();
  }

  /** A truth value that must be there. */
  public boolean bool(String name) throws QmpException {
    return require(name, ParameterType.BOOLEAN).booleanValue();
  }

  /** A truth value. */
  public boolean bool(String name, boolean otherwise) throws QmpException {
    return has(name) ? bool(name) : otherwise;
  }

  /** A nested object; its errors name the path to it. */
  public Arguments object(String name) throws QmpException {
    return new Arguments((ObjectNode) require(name, ParameterType.OBJECT), prefix + name + ".");
  }

  /** A list that must be there. */
  public ArrayNode list(String name) throws QmpException {
    return (ArrayNode) require(name, ParameterType.LIST);
  }

  /** A value of any type, null when it is absent. */
  public JsonNode any(String name) {
    return members.get(name);
  }

  /** No arguments. */
  public static ObjectNode none() {
    return JsonNodeFactory.instance.objectNode();
  }
}
