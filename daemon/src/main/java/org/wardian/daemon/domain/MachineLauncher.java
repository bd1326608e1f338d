package org.wardian.daemon.domain;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.qmp.QmpEvent;

/**
 * Starts machines: a process for each, which outlives the daemon. Its standard input is empty, its
 * words go to the domain's log.
 */
public final class MachineLauncher {
  /** How long a machine may take until it answers: a host that starts twenty at once is slow. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** The JVM's option to record a run. */
  private static final String RECORDING = "-XX:AOTCacheOutput=";

  private static final long LOOK_MILLISECONDS = 10;

  /** Characters of the log's end among which the reason is looked for. */
  private static final int MOST_REASON = 4_096;

  private final List<String> command;
  private final String emulator;
  private final Optional<Boolean> sandbox;

  /**
   * One that starts a program.
   *
   * @param command the program with its first arguments; {@code --definition FILE --qmp SOCKET}
   *     follow, then {@code --incoming FILE}, {@code --snapshot=NAME}, {@code --sandbox MODE} and
   *     {@code --paused} where they are wanted
   * @param emulator the path that documents name as the program
   */
  public MachineLauncher(List<String> command, String emulator) {
    this(command, emulator, Optional.empty());
  }

  private MachineLauncher(List<String> command, String emulator, Optional<Boolean> sandbox) {
    this.command = List.copyOf(command);
    this.emulator = emulator;
    this.sandbox = sandbox;
  }

  /**
   * One that starts {@code ward machine} with this process's own Java and flags.
   *
   * @param emulator the path that documents name as the program
   */
  public static MachineLauncher ofThisProgram(String emulator) throws IOException {
    // Java's own record of it leaves out what is longer than a page.
    String[] line = Files.readString(Path.of("/proc/self/cmdline")).split("\0");
    Path java = Files.readSymbolicLink(Path.of("/proc/self/exe"));
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    boolean found = false;
    for (int i = 1; i < line.length && !found; i++) {
      if (line[i].startsWith(RECORDING)) {
        continue; // Else each machine would write what this process is to write at its end.
      }
      command.add(line[i]);
      switch (line[i]) {
        case "--module", "-m" -> {
          command.add(line[++i]);
          found = true;
        }
        case "--module-path", "-p", "--class-path", "-classpath", "-cp" -> command.add(line[++i]);
        case String other -> found = !other.startsWith("-"); // the main class
      }
    }
    if (!found) {
      throw new IOException("this process's arguments name no program: " + command);
    }
    command.add("machine");
    return new MachineLauncher(command, emulator);
  }

  /** One like this whose machines must give up system calls, or keep all; else they decide. */
  public MachineLauncher sandboxed(Optional<Boolean> wanted) {
    return new MachineLauncher(command, emulator, wanted);
  }

  /** The path that documents name as the program. */
  public String emulator() {
    return emulator;
  }

  /** The command for a machine, as a text for a person. */
  String commandLine(Path definition, Path socket) {
    return String.join(" ", command) + " --definition " + definition + " --qmp " + socket;
  }

  /**
   * What a machine goes on with; nothing for a new one.
   *
   * @param incoming the file of a saved machine
   * @param snapshot the name of one within its disks
   */
  record Origin(Optional<Path> incoming, Optional<String> snapshot) {
    /** A new one. */
    static final Origin BOOT = new Origin(Optional.empty(), Optional.empty());
  }

  /**
   * Starts a machine and connects to it. It is paused until it is told {@code cont}.
   *
   * @param folder with {@link Machine#definition} in it; the socket is made there
   * @param log the file that its words are appended to
   * @param origin a saved machine to go on with
   * @param begun takes the process's number at once
   * @param listener takes its events
   * @throws LibvirtException with the last of its words where it ends before it answers
   */
  Machine launch(
      Path folder, Path log, Origin origin, LongConsumer begun, Consumer<QmpEvent> listener)
      throws LibvirtException {
    List<String> line = new ArrayList<>(command);
    line.addAll(
        List.of(
            "--definition",
            Machine.definition(folder).toString(),
            "--qmp",
            Machine.socket(folder).toString()));
    origin.incoming().ifPresent(file -> line.addAll(List.of("--incoming", file.toString())));
    origin.snapshot().ifPresent(name -> line.add("--snapshot=" + name));
    sandbox.ifPresent(on -> line.addAll(List.of("--sandbox", on ? "on" : "off")));
    line.add("--paused");
    Process process;
    long before;
    try {
      Files.createDirectories(log.getParent());
      before = Files.exists(log) ? Files.size(log) : 0;
      ProcessBuilder builder = new ProcessBuilder(line);
      builder.redirectInput(new File("/dev/null"));
      builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.redirectErrorStream(true);
      builder.directory(new File("/"));
      process = builder.start();
    } catch (IOException e) {
      throw Refusal.internal("cannot start a machine's process: " + e.getMessage(), e);
    }
    try {
      begun.accept(process.pid());
      return connect(process, folder, log, before, listener);
    } catch (LibvirtException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static Machine connect(
      Process process, Path folder, Path log, long before, Consumer<QmpEvent> listener)
      throws LibvirtException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    IOException last = null;
    try {
      while (System.nanoTime() < deadline) {
        if (process.waitFor(LOOK_MILLISECONDS, TimeUnit.MILLISECONDS)) {
          throw Refusal.internal(
              "process exited while connecting to monitor: " + lastWords(log, before));
        }
        if (Files.exists(Machine.socket(folder))) {
          try {
            return Machine.connect(process.toHandle(), folder, listener);
          } catch (IOException e) {
            last = e; // The socket's file is there a moment before somebody listens.
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.internal("interrupted while a machine started", e);
    }
    throw Refusal.internal(
        "the machine did not answer within "
            + PATIENCE.toSeconds()
            + " seconds: "
            + (last == null ? "it made no socket" : last.getMessage()),
        last);
  }

  /** The last line that a process wrote. */
  static String lastWords(Path log, long from) {
    try {
      byte[] all = Files.readAllBytes(log);
      int begin = (int) Math.max(Math.min(from, all.length), all.length - MOST_REASON);
      String[] lines =
          new String(all, begin, all.length - begin, StandardCharsets.UTF_8).strip().split("\n");
      String last = lines[lines.length - 1].strip();
      return last.isEmpty() ? "it said nothing" : last;
    } catch (IOException e) {
      return "its words are lost: " + e.getMessage();
    }
  }
}
