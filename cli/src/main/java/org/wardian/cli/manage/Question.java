package org.wardian.cli.manage;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.StandardInput;
import org.wardian.host.Terminal;

/** Asks the user before something is lost. */
final class Question {
  private Question() {}

  /**
   * Goes on where the user says yes.
   *
   * @param what such as {@code forget web}
   * @throws Failure where the user says no, or there is nobody to ask
   */
  static void ask(PrintWriter err, String what) throws IOException {
    if (Terminal.standard().isEmpty()) {
      throw new Failure(
          ExitStatus.USAGE, "there is no terminal to ask whether to " + what + ": give --yes");
    }
    err.print("ward: " + what + "? [y/N] ");
    err.flush();
    String answer = line(StandardInput.open()).strip().toLowerCase(Locale.ROOT);
    if (!answer.equals("y") && !answer.equals("yes")) {
      throw new Failure(ExitStatus.LEFT, "nothing was done");
    }
  }

  /** A line as far as its end, not a byte more. */
  static String line(InputStream in) throws IOException {
    byte[] line = new byte[256];
    int length = 0;
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (length < line.length) {
        line[length++] = (byte) b;
      }
    }
    return new String(line, 0, length, StandardCharsets.UTF_8);
  }
}
