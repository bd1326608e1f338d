package org.wardian.cli;

import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.catalogue.TerminalProgress;
import org.wardian.host.Terminal;

/** Download progress on standard error: a bar on a terminal, a line a file elsewhere. */
final class Progress {
  private static final int STANDARD_ERROR = 2;

  private Progress() {}

  static ProgressListener onStandardError() {
    return new TerminalProgress(System.err, Terminal.isTerminal(STANDARD_ERROR));
  }
}
