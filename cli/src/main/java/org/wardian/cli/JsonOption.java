package org.wardian.cli;

import picocli.CommandLine.Option;

/** {@code --json}, the same for every verb that prints something to read. */
final class JsonOption {
  @Option(names = "--json", description = "Print JSON, for a program to read.")
  private boolean asked;

  boolean asked() {
    return asked;
  }
}
