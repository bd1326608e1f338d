package org.wardian.cli.manage;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.StandardInput;
import org.wardian.host.Terminal;
import org.wardian.libvirt.error.LibvirtException;

/** A text in an editor, until somebody takes it or the user gives up; it is never lost. */
final class EditSession {
  /** What is wrong with a text, other than what the daemon says. */
  static final class Objection extends Exception {
    private static final long serialVersionUID = 1L;

    Objection(String message) {
      super(message);
    }
  }

  /** Takes a text, or says what is wrong with it. */
  interface Taker {
    void take(String text) throws LibvirtException, Objection;
  }

  /** Whether to go on editing. */
  interface Chooser {
    /**
     * @param objection what is wrong with the text
     */
    boolean goesOn(String objection) throws IOException;
  }

  private final List<String> editor;
  private final PrintWriter err;
  private final Chooser chooser;

  /**
   * @param editor a command, to which the file's name is added
   */
  EditSession(List<String> editor, PrintWriter err, Chooser chooser) {
    this.editor = editor;
    this.err = err;
    this.chooser = chooser;
  }

  /** The user's editor, by a shell: the variables hold commands with arguments. */
  static List<String> editor(Map<String, String> environment) {
    for (String variable : new String[] {"VISUAL", "EDITOR"}) {
      String value = environment.get(variable);
      if (value != null && !value.isBlank()) {
        return List.of("/bin/sh", "-c", value + " \"$1\"", "sh");
      }
    }
    return List.of("/bin/sh", "-c", "exec \"$(command -v vi || command -v nano)\" \"$1\"", "sh");
  }

  /** Asks at the terminal; where there is none, the user gives up. */
  static Chooser terminal(PrintWriter err) {
    return objection -> {
      if (Terminal.standard().isEmpty()) {
        return false;
      }
      err.println("ward: " + objection);
      err.print("ward: go on editing? [Y/n] ");
      err.flush();
      String answer = Question.line(StandardInput.open()).strip().toLowerCase(Locale.ROOT);
      return answer.isEmpty() || answer.startsWith("y");
    };
  }

  /**
   * Edits.
   *
   * @param name begins the file's name
   * @return whether the text was changed and taken
   * @throws Failure where the user gives up; it names the file that has the text
   */
  boolean edit(String name, String text, Taker taker) throws IOException, InterruptedException {
    Path file =
        Files.createTempFile(
            "ward-" + name.replaceAll("[^A-Za-z0-9_.-]", "_") + "-",
            ".xml",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text);
    while (true) {
      run(file);
      String edited = Files.readString(file);
      if (edited.equals(text)) {
        Files.delete(file);
        return false;
      }
      String objection = offer(edited, taker);
      if (objection == null) {
        Files.delete(file);
        return true;
      }
      if (!chooser.goesOn(objection)) {
        throw new Failure(
            ExitStatus.REFUSED, objection + "; what you wrote is in " + file + ", nothing changed");
      }
    }
  }

  private static String offer(String text, Taker taker) {
    try {
      taker.take(text);
      return null;
    } catch (Objection e) {
      return Cells.plain(e.getMessage());
    } catch (LibvirtException e) {
      return Refusals.words(e);
    }
  }

  private void run(Path file) throws IOException, InterruptedException {
    err.flush();
    List<String> command = new ArrayList<>(editor);
    command.add(file.toString());
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (status != 0) {
      throw new Failure(
          ExitStatus.USAGE,
          "the editor ended with status "
              + status
              + "; set EDITOR to another, the text is in "
              + file);
    }
  }
}
