package org.wardian.qmp;

/**
 * A parameter of a command.
 *
 * @param name of the member of {@code arguments}
 * @param optional whether it may be left out
 */
public record Parameter(String name, ParameterType type, boolean optional) {
  /** One that must be there. */
  public static Parameter required(String name, ParameterType type) {
    return new Parameter(name, type, false);
  }

  /** One that may be left out. */
  public static Parameter optional(String name, ParameterType type) {
    return new Parameter(name, type, true);
  }
}
