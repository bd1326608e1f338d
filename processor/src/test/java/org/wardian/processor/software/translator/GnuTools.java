package org.wardian.processor.software.translator;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GNU as and objdump as judges of emitted code. */
final class GnuTools {
  /**
   * One line of a listing.
   *
   * @param length in bytes
   * @param text prefixes, mnemonic and operands, without symbols and comments
   */
  record Line(int offset, int length, String text) {}

  private static final Pattern LINE =
      Pattern.compile("^\\s*([0-9a-f]+):\\s+((?:[0-9a-f]{2} )+)\\s*(.*)$");
  private static final Pattern TRAILER = Pattern.compile(" (#|<).*$");

  private GnuTools() {}

  static boolean arePresent() {
    return knowsX86("objdump", "-i") && knowsX86("as", "--version");
  }

  private static boolean knowsX86(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String known = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 && (known.contains("x86-64") || known.contains("x86_64"));
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The listing of raw 64-bit code, from address 0 on. */
  static List<Line> disassemble(byte[] code) throws IOException {
    Path file = Files.createTempFile("emitted", ".bin");
    try {
      Files.write(file, code);
      return list(
          "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel,intel64", file.toString());
    } finally {
      Files.delete(file);
    }
  }

  /** The listing of what GNU as makes of lines in Intel syntax. */
  static List<Line> assemble(List<String> lines) throws IOException, InterruptedException {
    Path source = Files.createTempFile("lines", ".s");
    Path object = Files.createTempFile("lines", ".o");
    try {
      Files.writeString(source, ".intel_syntax noprefix\n" + String.join("\n", lines) + "\n");
      Process process =
          new ProcessBuilder("as", "--64", "-o", object.toString(), source.toString())
              .redirectErrorStream(true)
              .start();
      String messages = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(messages);
      }
      return list("-d", "-M", "intel,intel64", object.toString());
    } finally {
      Files.delete(source);
      Files.delete(object);
    }
  }

  private static List<Line> list(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("objdump", "-w", "-z", "--insn-width=16"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
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
