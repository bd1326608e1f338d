package org.wardian.cli;

import picocli.CommandLine.Option;

/** {@code --json}, the same for every verb that prints something to read. */
public final class JsonOption {
  @Option(names = "--json", description = "Print JSON, for a program to read.")
  private boolean asked;

  /** Made by picocli. */
  public JsonOption() {}

  /** Whether it was given. */
  public boolean asked() {
    return asked;
  }
}
