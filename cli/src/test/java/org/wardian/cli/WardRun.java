package org.wardian.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * One command run inside this JVM.
 *
 * @param status the process's status
 * @param out standard output
 * @param err standard error
 */
public record WardRun(int status, String out, String err) {
  /** Runs it. */
  public static WardRun of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine ward = Ward.commandLine();
    ward.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int status = ward.execute(arguments);
    return new WardRun(status, out.toString(), err.toString());
  }
}
