package org.wardian.cli.disk;

import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** {@code --progress}, the same for every verb that takes a while. */
public final class ProgressOption {
  @Option(
      names = {"-p", "--progress"},
      negatable = true,
      description =
          "Show how far it is on standard error: a bar on a terminal, where it is on by default,"
              + " and a line for each tenth elsewhere.")
  private Boolean asked;

  /** Made by picocli. */
  public ProgressOption() {}

  /** A bar for an operation that begins now. */
  public DiskProgress start(PrintWriter err, String name) {
    return DiskProgress.of(err, name, asked);
  }

  /** A bar for things that are made one by one from now on. */
  public DiskProgress startCounting(PrintWriter err, String name) {
    return DiskProgress.counting(err, name, asked);
  }
}
