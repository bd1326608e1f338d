package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of QEMU's image tool, the peer of these tests.
 *
 * @param status the process's status
 * @param out standard output and error
 */
record QemuImg(int status, String out) {
  /** Runs {@code qemu-img}. */
  static QemuImg run(Object... arguments) throws IOException, InterruptedException {
    return tool("qemu-img", arguments);
  }

  /** Runs {@code qemu-img} to success; what it printed. */
  static String ok(Object... arguments) throws IOException, InterruptedException {
    return good(run(arguments));
  }

  /** Runs {@code qemu-io}, QEMU's block layer shell, to success. */
  static String io(Object... arguments) throws IOException, InterruptedException {
    return good(tool("qemu-io", arguments));
  }

  private static String good(QemuImg run) {
    if (run.status != 0) {
      throw new AssertionError("status " + run.status + ": " + run.out);
    }
    return run.out;
  }

  private static QemuImg tool(String name, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(name));
    for (Object each : arguments) {
      command.add(each.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new QemuImg(process.waitFor(), out);
  }
}
