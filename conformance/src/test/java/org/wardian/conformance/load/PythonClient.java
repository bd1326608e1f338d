package org.wardian.conformance.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A program of libvirt's own library, {@code programs/load.py}; Debian's python3-libvirt. */
final class PythonClient {
  private static final Path PROGRAM = Path.of("programs", "load.py").toAbsolutePath();
  private static final String PYTHON = "/usr/bin/python3";

  private PythonClient() {}

  /** Starts it. */
  static Process start(String uri, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(PYTHON, PROGRAM.toString(), uri));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Its figures by their names. */
  static Map<String, List<Double>> run(String uri, String... words)
      throws IOException, InterruptedException {
    return figures(start(uri, words));
  }

  /** The figures of one that was started. */
  static Map<String, List<Double>> figures(Process process)
      throws IOException, InterruptedException {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("load.py: " + said);
    }
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    for (String line : said.lines().toList()) {
      String[] words = line.split(" ");
      try {
        figures.put(words[0], Arrays.stream(words).skip(1).map(Double::valueOf).toList());
      } catch (NumberFormatException e) {
        throw new IOException("load.py: " + said, e);
      }
    }
    return figures;
  }
}
