package org.wardian.x86;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GNU objdump as a judge of lengths and texts. */
final class Objdump {
  /**
   * One line of its listing.
   *
   * @param offset of the first byte
   * @param length in bytes
   * @param text prefixes, mnemonic and operands, without symbols and comments
   */
  record Line(int offset, int length, String text) {}

  private static final Pattern LINE =
      Pattern.compile("^\\s*([0-9a-f]+):\\s+((?:[0-9a-f]{2} )+)\\s*(.*)$");
  private static final Pattern TRAILER = Pattern.compile(" (#|<).*$");

  private Objdump() {}

  /** Whether the host has an objdump that knows x86. */
  static boolean isPresent() {
    try {
      Process process = new ProcessBuilder("objdump", "-i").redirectErrorStream(true).start();
      String known = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 && known.contains("i386");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The listing of {@code code}, by Intel's rules and in Intel's syntax, from address 0 on. */
  static List<Line> disassemble(byte[] code, int codeSize) throws IOException {
    Path file = Files.createTempFile("objdump", ".bin");
    try {
      Files.write(file, code);
      return read(start(file, codeSize));
    } finally {
      Files.delete(file);
    }
  }

  private static Process start(Path file, int codeSize) throws IOException {
    String machine = codeSize == 8 ? "i386:x86-64" : codeSize == 4 ? "i386" : "i8086";
    String options = codeSize == 8 ? "intel,intel64" : "intel";
    return new ProcessBuilder(
            "objdump",
            "-D",
            "-w",
            "-z",
            "--insn-width=16",
            "-b",
            "binary",
            "-m",
            machine,
            "-M",
            options,
            file.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static List<Line> read(Process process) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches()) {
          int offset = Integer.parseInt(matcher.group(1), 16);
          int length = (matcher.group(2).strip().length() + 1) / 3;
          String text = matcher.group(3).replaceAll("\\s+", " ");
          lines.add(new Line(offset, length, TRAILER.matcher(text).replaceAll("").strip()));
        }
      }
    }
    return lines;
  }
}
