package org.wardian.daemon.group;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Where the host has the group of a machine. With systemd, to whom the hierarchy belongs, that is a
 * scope in {@code machine.slice} that it makes for us; without, a folder in {@code /machine}.
 */
final class MachinePlace {
  private static final System.Logger LOG = System.getLogger(MachinePlace.class.getName());

  /** There only while systemd is the first process: sd_booted(3). */
  private static final Path SYSTEMD = Path.of("/run/systemd/system");

  private static final String USUAL_PARTITION = "/machine";

  /** The group within the scope, since the scope's own limits are systemd's. */
  static final String WITHIN = "libvirt";

  /** What the name of a group ends in that is made without systemd. */
  static final String SUFFIX = ".libvirt-qemu";

  private static final List<String> CONTROLLERS = List.of("cpu", "cpuset", "io", "memory");

  /** Processes and threads of a machine, as libvirt has it. */
  private static final int MOST_TASKS = 16_384;

  /** The longest name that systemd registers a machine by. */
  private static final int MOST_NAME = 64;

  private static final int MOST_SECONDS = 30;
  private static final long LOOK_MILLISECONDS = 20;
  private static final String TAKEN = "already loaded";

  private final String name;
  private final List<String> partition;

  /**
   * One of a machine.
   *
   * @param id of the running domain
   * @param name of the domain, which a client chose
   * @param partition of the document: {@code /machine} where it names none
   */
  MachinePlace(int id, String name, Optional<String> partition) {
    String all = "qemu-" + id + "-" + name.replaceAll("[^A-Za-z0-9.-]", "");
    this.name = all.substring(0, Math.min(all.length(), MOST_NAME));
    this.partition =
        Arrays.stream(partition.orElse(USUAL_PARTITION).split("/"))
            .filter(part -> !part.isEmpty())
            .toList();
  }

  /** The scope's name for systemd. */
  String scope() {
    return "machine-" + escape(name) + ".scope";
  }

  /** The slice that the scope is in. */
  String slice() {
    return String.join("-", partition.stream().map(MachinePlace::escape).toList()) + ".slice";
  }

  /** Where the group is without systemd. */
  ControlGroup folder() {
    ControlGroup group = ControlGroup.root();
    for (String part : partition) {
      group = group.child(plain(part));
    }
    return group.child(name + SUFFIX);
  }

  /** A name that is no file of the kernel's and leads nowhere else. */
  private static String plain(String part) {
    return part.matches("(\\.|_|cgroup\\.).*") ? "_" + part : part;
  }

  /** What systemd has for characters that its names cannot have: systemd.unit(5). */
  static String escape(String part) {
    StringBuilder out = new StringBuilder();
    for (byte one : part.getBytes(StandardCharsets.UTF_8)) {
      char letter = (char) (one & 0xff);
      boolean kept =
          letter < 0x80
              && (Character.isLetterOrDigit(letter)
                  || letter == ':'
                  || letter == '_'
                  || letter == '.' && !out.isEmpty());
      out.append(kept ? String.valueOf(letter) : String.format("\\x%02x", (int) letter));
    }
    return out.toString();
  }

  /** Puts a process there, into a group of its own; empty where that cannot be had. */
  Optional<ControlGroup> take(long pid) {
    if (!ControlGroup.isAllowed() || partition.isEmpty()) {
      return Optional.empty();
    }
    try {
      ControlGroup group = Files.isDirectory(SYSTEMD) ? ofSystemd(pid) : ofOurs();
      group.make();
      group.put("cgroup.procs", Long.toString(pid));
      new ControlGroup(group.folder().getParent()).enable(CONTROLLERS);
      return Optional.of(group);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "process " + pid + " gets no control group " + name + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  private ControlGroup ofOurs() throws IOException {
    ControlGroup group = folder();
    for (Path above = ControlGroup.ROOT; !above.equals(group.folder()); ) {
      new ControlGroup(above).make();
      new ControlGroup(above).enable(CONTROLLERS);
      above = above.resolve(above.relativize(group.folder()).getName(0));
    }
    return group;
  }

  private ControlGroup ofSystemd(long pid) throws IOException {
    List<String> call =
        new ArrayList<>(
            List.of(
                "busctl",
                "call",
                "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1",
                "org.freedesktop.systemd1.Manager",
                "StartTransientUnit",
                "ssa(sv)a(sa(sv))",
                scope(),
                "fail"));
    List<String> properties =
        List.of(
            "Description s Virtual_Machine",
            "Slice s " + slice(),
            "PIDs au 1 " + pid,
            "Delegate b true",
            "CollectMode s inactive-or-failed",
            "TasksMax t " + MOST_TASKS);
    call.add(Integer.toString(properties.size()));
    properties.forEach(one -> call.addAll(List.of(one.split(" "))));
    call.set(call.indexOf("Virtual_Machine"), "Virtual Machine " + name);
    call.add("0");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    try {
      String refusal = run(call);
      while (refusal.contains(TAKEN) && System.nanoTime() < deadline) {
        // The scope of a machine that just ended, which starts anew.
        Thread.sleep(LOOK_MILLISECONDS);
        refusal = run(call);
      }
      if (!refusal.isEmpty()) {
        throw new IOException(refusal);
      }
      while (System.nanoTime() < deadline) {
        Optional<ControlGroup> now = ControlGroup.of(pid);
        if (now.isEmpty()) {
          throw new IOException("the process has ended");
        }
        if (now.get().name().equals(scope())) {
          return now.get().child(WITHIN);
        }
        Thread.sleep(LOOK_MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    throw new IOException("systemd did not start " + scope() + " in time");
  }

  /** Runs a program; what it said where it failed, otherwise nothing. */
  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? "" : said.strip() + " (" + command.getFirst() + ")";
  }
}
