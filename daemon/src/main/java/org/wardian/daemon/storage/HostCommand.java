package org.wardian.daemon.storage;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
   * @return what it printed, without its warnings
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
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
      // What it prints is read, so it has to be in words and figures that do not change.
      builder.environment().put("LC_ALL", "C");
      Process process = builder.start();
      AtomicReference<String> complaints = new AtomicReference<>("");
      Thread reader =
          Thread.ofVirtual().start(() -> complaints.set(text(process.getErrorStream())));
      String output = text(process.getInputStream());
      reader.join();
      int status = process.waitFor();
      if (status != 0) {
        throw failed(command, status, complaints.get());
      }
      return output;
    } catch (IOException e) {
      throw StorageErrors.system("cannot execute " + program, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StorageErrors.of(ErrorNumber.OPERATION_ABORTED, program + " was interrupted");
    }
  }

  /** All that comes, or as much as anything here may print; what could not be read is missing. */
  private static String text(InputStream stream) {
    try (stream) {
      return new String(stream.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
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
