package org.wardian.conformance.libvirt;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * The steps of {@code steps.txt} against one daemon: {@code StepRun URI FOLDER RESULT [GROUP...]},
 * where FOLDER has {@code vmlinuz} and {@code initrd.gz} and is seen by the daemon under the same
 * path. RESULT gets each step with its status and output; {@code StepRun --compare THERE HERE}
 * prints what differs between two of them.
 */
public final class StepRun {
  private static final long PATIENCE_SECONDS = 120;
  private static final long UNTIL_SECONDS = 60;

  /**
   * What came of a step.
   *
   * @param status of virsh; 124 where it did not end
   * @param output both of its outputs
   */
  record Result(int status, String output, double seconds) {
    boolean passed() {
      return status == 0;
    }
  }

  private final String uri;
  private final Path folder;
  private final Path documents;

  StepRun(String uri, Path folder) throws IOException {
    this.uri = uri;
    this.folder = folder;
    documents = Files.createDirectories(folder.resolve("documents"));
  }

  /** By hand. */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("--compare")) {
      Map<VirshStep, Result> there = read(Path.of(arguments[1]));
      Map<VirshStep, Result> here = read(Path.of(arguments[2]));
      there.keySet().retainAll(here.keySet());
      System.out.print(
          new StepComparison(there, here, resource("differences.txt").lines().toList())
              .report(there, here));
      return;
    }
    StepRun run = new StepRun(arguments[0], Path.of(arguments[1]).toAbsolutePath());
    List<String> groups = List.of(arguments).subList(3, arguments.length);
    try (PrintWriter report = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[2])))) {
      run.run(
          groups,
          (step, result) -> {
            report.printf("#### %d [%s] %s%n", step.number(), step.group(), step.text());
            report.printf("status %d, %.2f s%n", result.status(), result.seconds());
            report.println(result.output());
            report.flush();
          });
    }
  }

  /** The results in a file that {@link #main} wrote. */
  private static Map<VirshStep, Result> read(Path file) throws IOException {
    Map<String, VirshStep> known = new HashMap<>();
    steps()
        .forEach(step -> known.put(step.number() + " [" + step.group() + "] " + step.text(), step));
    Map<VirshStep, Result> results = new LinkedHashMap<>();
    for (String part : Files.readString(file).split("(?m)^#### ")) {
      String[] lines = part.split("\n", 3);
      VirshStep step = known.get(lines[0]);
      if (step != null) {
        String[] figures = lines[1].split("[ ,]+");
        results.put(
            step,
            new Result(Integer.parseInt(figures[1]), lines[2], Double.parseDouble(figures[2])));
      }
    }
    return results;
  }

  static String resource(String name) throws IOException {
    try (InputStream in = StepRun.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** All steps in their order. */
  static List<VirshStep> steps() throws IOException {
    return VirshStep.parse(resource("steps.txt").lines().toList());
  }

  /**
   * Runs the steps of some groups, or of all.
   *
   * @param groups names; empty for all
   * @param listener is told of each at once
   */
  Map<VirshStep, Result> run(List<String> groups, BiConsumer<VirshStep, Result> listener)
      throws IOException, InterruptedException {
    prepare();
    Map<VirshStep, Result> results = new LinkedHashMap<>();
    for (VirshStep step : steps()) {
      if (groups.isEmpty() || groups.contains(step.group())) {
        Result result = run(step);
        listener.accept(step, result);
        results.put(step, result);
      }
    }
    return Collections.unmodifiableMap(results);
  }

  private void prepare() throws IOException {
    for (String name : resource("documents/names.txt").lines().toList()) {
      Files.writeString(documents.resolve(name), filled(resource("documents/" + name)));
    }
    byte[] noise = new byte[1 << 20];
    new Random(6).nextBytes(noise);
    Files.write(folder.resolve("noise"), noise);
    Files.write(folder.resolve("page"), Arrays.copyOf(noise, 4096));
    try (var sparse = new RandomAccessFile(folder.resolve("sparse").toFile(), "rw")) {
      sparse.setLength(4 << 20);
      sparse.seek(2 << 20);
      sparse.write(noise, 0, 65536);
    }
  }

  private String filled(String text) {
    return text.replace("$W", folder.toString()).replace("$D", documents.toString());
  }

  private Result run(VirshStep step) throws IOException, InterruptedException {
    long started = System.nanoTime();
    Result result;
    while (true) {
      result = once(step, started);
      if (step.until() == null
          || result.passed() && step.isReachedBy(result.output())
          || System.nanoTime() - started > TimeUnit.SECONDS.toNanos(UNTIL_SECONDS)) {
        return result;
      }
      Thread.sleep(500);
    }
  }

  private Result once(VirshStep step, long started) throws IOException, InterruptedException {
    Process meanwhile = null;
    Path heard = folder.resolve("meanwhile");
    if (step.during() != null) {
      meanwhile = virsh(step.during(), heard);
      Thread.sleep(700); // virsh says nothing when it has registered
    }
    Path out = folder.resolve("output");
    Process process = virsh(step.command(), out);
    if (step.input() != null) {
      process.getOutputStream().write(step.input().getBytes(StandardCharsets.UTF_8));
    }
    process.getOutputStream().close();
    int status = await(process);
    String output = Files.readString(out, StandardCharsets.ISO_8859_1);
    if (meanwhile != null) {
      int heardStatus = await(meanwhile);
      output += "-- meanwhile\n" + Files.readString(heard, StandardCharsets.ISO_8859_1);
      status = status == 0 ? heardStatus : status;
    }
    return new Result(status, output, (System.nanoTime() - started) / 1e9);
  }

  private static int await(Process process) throws InterruptedException {
    if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      return process.exitValue();
    }
    process.destroyForcibly().waitFor();
    return 124;
  }

  private Process virsh(List<String> command, Path out) throws IOException {
    List<String> words = new ArrayList<>(List.of("virsh", "-c", uri));
    command.forEach(word -> words.add(filled(word)));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    return builder.redirectOutput(out.toFile()).start();
  }
}
