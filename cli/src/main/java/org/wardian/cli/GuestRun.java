package org.wardian.cli;

import org.wardian.cli.console.ConsoleSession;

/** One run of a guest: builds the machine, joins it to the console, and says how it ended. */
final class GuestRun {
  private final RunRequest request;
  private final GuestImages images;
  private final ConsoleSession console;

  GuestRun(RunRequest request, GuestImages images, ConsoleSession console) {
    this.request = request;
    this.images = images;
    this.console = console;
  }

  RunReport run() {
    throw new Failure(ExitStatus.UNAVAILABLE, "no machine yet for " + request + images + console);
  }
}
