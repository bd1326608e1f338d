package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** QEMU's image tool, the peer of these tests. */
final class QemuImg {
  private QemuImg() {}

  /** Runs it to success; standard output. */
  static String run(Object... arguments) throws IOException, InterruptedException {
    return tool("qemu-img", arguments);
  }

  /** Runs QEMU's block layer shell to success; standard output. */
  static String io(Object... arguments) throws IOException, InterruptedException {
    return tool("qemu-io", arguments);
  }

  private static String tool(String name, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(name));
    for (Object each : arguments) {
      command.add(each.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
    return output;
  }
}
