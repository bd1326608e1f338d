package org.wardian.daemon.network;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands of virsh and what a real daemon answered, in a resource: {@code @ NAME} and a document,
 * {@code > COMMAND} and what was printed.
 */
final class VirshTranscript {
  /** A command and what it printed, without empty lines. */
  record Step(String command, List<String> printed) {}

  private final List<Step> steps = new ArrayList<>();

  /** Reads a resource, and writes its documents to a folder {@code x}. */
  VirshTranscript(String resource, Path folder) throws IOException {
    Files.createDirectories(folder.resolve("x"));
    try (InputStream in = VirshTranscript.class.getResourceAsStream(resource)) {
      String document = null;
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (line.startsWith("> ")) {
          steps.add(new Step(line.substring(2), new ArrayList<>()));
          document = null;
        } else if (line.startsWith("@ ")) {
          document = line.substring(2);
        } else if (document != null) {
          Files.writeString(folder.resolve("x").resolve(document), line + "\n");
        } else if (!steps.isEmpty()) {
          steps.getLast().printed().add(line);
        }
      }
    }
  }

  List<Step> steps() {
    return steps;
  }

  /** Gives all commands to one virsh; what each printed, without empty lines. */
  List<List<String>> run(String uri, Path folder) throws IOException, InterruptedException {
    StringBuilder script = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      script.append("echo === ").append(i).append('\n');
      script.append(steps.get(i).command()).append('\n');
    }
    Path input = Files.writeString(folder.resolve("script"), script);
    Path output = folder.resolve("printed");
    ProcessBuilder builder =
        new ProcessBuilder(Tool.require("virsh", "libvirt-clients").toString(), "-c", uri);
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.redirectInput(input.toFile()).redirectOutput(output.toFile());
    builder.environment().put("LC_ALL", "C");
    // Else the echo of long commands is wrapped, and looks like something printed.
    builder.environment().put("COLUMNS", "4000");
    builder.start().waitFor();
    List<List<String>> printed = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      if (line.matches("=== \\d+")) {
        printed.add(new ArrayList<>());
      } else if (!printed.isEmpty() && !line.isBlank() && !line.startsWith("virsh #")) {
        printed.getLast().add(line.stripTrailing());
      }
    }
    return printed;
  }
}
