package org.wardian.conformance.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java process holds.
 *
 * @param residentKib memory that is its own or shared (VmRSS of proc(5))
 * @param heapKib what is left of its objects after a collection
 * @param descriptors how many are open
 * @param threads of the kernel
 * @param children that live
 * @param zombies children that have ended and were not waited for
 */
record ProcessFigures(
    long residentKib, long heapKib, int descriptors, int threads, int children, int zombies) {
  private static final Pattern USED = Pattern.compile("(?m)^ *(?:DefNew|Tenured) .*used (\\d+)K");
  private static final Path PROC = Path.of("/proc");

  /** Field of {@code /proc/PID/stat} with the parent's number, counted from behind the name. */
  private static final int PARENT = 1;

  /** Takes them, after a collection of what is no longer used. */
  static ProcessFigures of(long pid) throws IOException, InterruptedException {
    collect(pid);
    List<String> children = children(pid);
    int zombies = (int) children.stream().filter("Z"::equals).count();
    Path process = PROC.resolve(Long.toString(pid));
    return new ProcessFigures(
        kib(process.resolve("status"), "VmRSS:"),
        heap(pid),
        entries(process.resolve("fd")),
        entries(process.resolve("task")),
        children.size() - zombies,
        zombies);
  }

  /** The states of a process's children, as proc(5) names them: Z is a zombie. */
  static List<String> children(long pid) throws IOException {
    List<String> states = new ArrayList<>();
    for (long one : processes()) {
      String[] fields = stat(one);
      if (fields.length > PARENT && fields[PARENT].equals(Long.toString(pid))) {
        states.add(fields[0]);
      }
    }
    return states;
  }

  /** A process's share of the memory that it uses, shared pages divided by their users. */
  static long shareKib(long pid) throws IOException {
    return kib(PROC.resolve(Long.toString(pid)).resolve("smaps_rollup"), "Pss:");
  }

  /** All processes of the host. */
  static List<Long> processes() throws IOException {
    List<Long> all = new ArrayList<>();
    try (Stream<Path> list = Files.list(PROC)) {
      list.map(path -> path.getFileName().toString())
          .filter(name -> name.chars().allMatch(Character::isDigit))
          .forEach(name -> all.add(Long.parseLong(name)));
    }
    return all;
  }

  /** The words of a process's command; empty where it has ended. */
  static List<String> command(long pid) {
    try {
      byte[] line = Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
      return List.of(new String(line, StandardCharsets.UTF_8).split("\0"));
    } catch (IOException ended) {
      return List.of();
    }
  }

  /** Files and folders below a folder. */
  static long files(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.count();
    } catch (UncheckedIOException changing) {
      throw changing.getCause();
    }
  }

  private static String[] stat(long pid) {
    try {
      String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    } catch (IOException ended) {
      return new String[0];
    }
  }

  private static int entries(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return (int) list.count();
    }
  }

  private static long kib(Path file, String key) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(key))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow(() -> new IOException("no " + key + " in " + file));
  }

  private static void collect(long pid) throws IOException, InterruptedException {
    jcmd(pid, "GC.run");
    jcmd(pid, "GC.run");
  }

  private static long heap(long pid) throws IOException, InterruptedException {
    Matcher used = USED.matcher(jcmd(pid, "GC.heap_info"));
    long sum = 0;
    while (used.find()) {
      sum += Long.parseLong(used.group(1));
    }
    return sum;
  }

  private static String jcmd(long pid, String command) throws IOException, InterruptedException {
    Path program = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(program.toString(), Long.toString(pid), command)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("jcmd " + command + ": " + said);
    }
    return said;
  }
}
