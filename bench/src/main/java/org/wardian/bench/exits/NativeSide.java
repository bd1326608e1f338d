package org.wardian.bench.exits;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;

/** The program {@code exits.c}, which answers lines. */
final class NativeSide implements ExitSide {
  private final Process process;
  private final BufferedReader answers;

  NativeSide(String program) {
    try {
      process = new ProcessBuilder(program).redirectError(Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new UncheckedIOException(program + " cannot be started; bench/exits builds it", e);
    }
    answers = process.inputReader(StandardCharsets.US_ASCII);
  }

  @Override
  public String title() {
    return "C";
  }

  @Override
  public double measure(ExitKind kind, long milliseconds) {
    try {
      String line = kind + " " + milliseconds + "\n";
      process.getOutputStream().write(line.getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException("the C program gave up");
      }
      String[] words = answer.split(" ");
      return Long.parseLong(words[0]) * 1e9 / Long.parseLong(words[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
