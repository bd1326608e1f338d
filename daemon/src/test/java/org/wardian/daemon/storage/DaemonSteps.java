package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Steps for two daemons whose answers are compared: {@code steps.txt} says how they are written.
 */
final class DaemonSteps {
  private final List<String> lines;

  /** Those of a file's lines. */
  DaemonSteps(List<String> lines) {
    this.lines = lines.stream().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
  }

  /**
   * What a step led to.
   *
   * @param step its line
   * @param difference why the daemons differ in it; null where they may not
   * @param text what it printed, without what differs between any two runs
   */
  record Answer(String step, String difference, String text) {}

  /**
   * Runs them all, however they end.
   *
   * @param uri of the daemon
   * @param at the folder of the run, which is {@code @} in the steps
   * @param listener is told of each answer as it comes
   */
  List<Answer> answers(String uri, Path at, Consumer<Answer> listener) throws Exception {
    Run run = new Run(new Virsh(uri), at, listener);
    String difference = null;
    for (String line : lines) {
      String step = line.replace("@", at.toString());
      if (line.startsWith("~ ")) {
        difference = step.substring(2);
      } else if (line.startsWith("file ")) {
        run.ask();
        String[] parts = step.split(" ", 3);
        Files.writeString(at.resolve(parts[1]), parts[2]);
      } else if (line.startsWith("host ")) {
        run.ask();
        String text = Virsh.run(List.of(step.substring(5).split(" "))).text();
        run.add(new Answer(line, difference, comparable(text, at)));
        difference = null;
      } else {
        run.asked.add(new Answer(line, difference, step));
        difference = null;
      }
    }
    run.ask();
    return run.answers;
  }

  /** One run. Commands of virsh that follow each other are one start of it. */
  private static final class Run {
    private final Virsh virsh;
    private final Path at;
    private final Consumer<Answer> listener;
    private final List<Answer> answers = new ArrayList<>();

    /** With the command in place of its answer. */
    private final List<Answer> asked = new ArrayList<>();

    Run(Virsh virsh, Path at, Consumer<Answer> listener) {
      this.virsh = virsh;
      this.at = at;
      this.listener = listener;
    }

    void add(Answer answer) {
      answers.add(answer);
      listener.accept(answer);
    }

    void ask() throws Exception {
      if (asked.isEmpty()) {
        return;
      }
      List<String> texts = virsh.all(asked.stream().map(Answer::text).toList());
      for (int i = 0; i < texts.size(); i++) {
        Answer one = asked.get(i);
        add(new Answer(one.step(), one.difference(), comparable(texts.get(i), at)));
      }
      asked.clear();
    }
  }

  /**
   * Without what differs between any two runs: folders, times, owners, the host's free room, UUIDs
   * of logical volumes.
   */
  private static String comparable(String text, Path at) {
    return text.replace(at.toString(), "@")
        .replaceAll("\\b[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}\\b", "LV")
        .replaceAll("<([acm])time>.*</", "<$1time></")
        .replaceAll("<(owner|group)>\\d+</", "<$1></")
        .replaceAll("(<(allocation|available) unit='bytes'>)\\d{10,}<", "$1<")
        .replaceAll("(Allocation|Available): +[0-9.]+ GiB", "$1:");
  }

  /**
   * Compares two daemons and tells of each step in which they differ, and of each in which they no
   * longer do although the file says so. Leaves with 0 only where all others are the same. The
   * arguments: a file of steps, an empty folder, our daemon's URI, the other's.
   */
  public static void main(String[] arguments) throws Exception {
    DaemonSteps steps = new DaemonSteps(Files.readAllLines(Path.of(arguments[0])));
    Path folder = Path.of(arguments[1]);
    List<Answer> ours = steps.run("ours", arguments[2], folder.resolve("a"));
    List<Answer> theirs = steps.run("theirs", arguments[3], folder.resolve("b"));
    int different = 0;
    int excused = 0;
    for (int i = 0; i < ours.size(); i++) {
      boolean same = ours.get(i).text().equals(theirs.get(i).text());
      String reason = ours.get(i).difference();
      if (reason == null && !same) {
        different++;
        System.out.printf(
            "DIFFERENT %s%n--- ours%n%s%n--- theirs%n%s%n---%n",
            ours.get(i).step(), ours.get(i).text(), theirs.get(i).text());
      } else if (reason != null) {
        excused++;
        System.out.printf(
            "%s %s%n", same ? "the same, though excused:" : "excused:", ours.get(i).step());
      }
    }
    System.out.printf(
        "%d steps: %d answers the same, %d different, %d excused%n",
        ours.size(), ours.size() - different - excused, different, excused);
    System.exit(different == 0 && !ours.isEmpty() ? 0 : 1);
  }

  private List<Answer> run(String who, String uri, Path at) throws Exception {
    System.out.println("the steps at " + uri);
    return answers(
        uri,
        Files.createDirectory(at),
        one -> {
          System.out.println(who + ": " + one.step());
          one.text().lines().forEach(line -> System.out.println("    " + line));
        });
  }

  /** Those of a resource beside this class. */
  static DaemonSteps ofResource(String name) throws IOException {
    try (var in = DaemonSteps.class.getResourceAsStream(name)) {
      return new DaemonSteps(
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }
}
