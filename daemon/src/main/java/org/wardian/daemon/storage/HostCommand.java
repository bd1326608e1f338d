package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Programs of the host that do what only they can, such as mounting. */
final class HostCommand {
  private static final int MOST_OUTPUT = 4 << 20;
  private static final int NOT_FOUND = 127;

  private HostCommand() {}

  /**
   * Runs a program to its end.
   *
   * @param program where libvirt looks for it, such as {@code /bin/mount}
   * @return what it printed
   * @throws LibvirtException where it is missing or fails, in libvirt's words
   */
  static String run(String program, String... arguments) throws LibvirtException {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(arguments));
    if (!Files.isExecutable(Path.of(program))) {
      throw failed(
          command,
          NOT_FOUND,
          "libvirt:  error : cannot execute binary " + program + ": No such file or directory\n");
    }
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .redirectErrorStream(true)
              .start();
      String output;
      try (var stream = process.getInputStream()) {
        output = new String(stream.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
      }
      int status = process.waitFor();
      if (status != 0) {
        throw failed(command, status, output);
      }
      return output;
    } catch (IOException e) {
      throw StorageErrors.system("cannot execute " + program, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StorageErrors.of(ErrorNumber.OPERATION_ABORTED, program + " was interrupted");
    }
  }

  private static LibvirtException failed(List<String> command, int status, String output) {
    return StorageErrors.of(
        ErrorNumber.INTERNAL_ERROR,
        "Child process ("
            + String.join(" ", command)
            + ") unexpected exit status "
            + status
            + ": "
            + output);
  }
}
