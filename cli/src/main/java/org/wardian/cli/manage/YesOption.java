package org.wardian.cli.manage;

import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** {@code --yes}, for every verb that asks. */
final class YesOption {
  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  /** Goes on where the user agrees, or has beforehand. */
  void ask(PrintWriter err, String what) throws IOException {
    if (!yes) {
      Question.ask(err, what);
    }
  }
}
