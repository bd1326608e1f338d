package org.wardian.conformance.load;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.wardian.conformance.libvirt.LibvirtdApart;
import org.wardian.conformance.libvirt.StepGuest;
import org.wardian.conformance.libvirt.WardianDaemon;

/**
 * The daemon under load, by hand: {@code LoadRun FOLDER GROUP[=COUNT]...}, where FOLDER is made and
 * its path is short. What is slow has a count of its own.
 *
 * <ul>
 *   <li>{@code beside=ROUNDS}: lists of 1,000 domains, calls in a second and latency of events,
 *       beside Debian's libvirtd in the same rounds
 *   <li>{@code clients=SECONDS}: 200 clients at once
 *   <li>{@code machines=COUNT}: machines of 80 MiB at once
 *   <li>{@code cycles=COUNT}: starts and stops; growth of the daemon
 *   <li>{@code kills=COUNT}: the daemon and machines are killed at random moments
 * </ul>
 */
public final class LoadRun {
  private final Path folder;
  private final PrintStream out;

  LoadRun(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
  }

  /** By hand. */
  public static void main(String[] arguments) throws Exception {
    LoadRun run = new LoadRun(Path.of(arguments[0]).toAbsolutePath(), System.out);
    for (String group : List.of(arguments).subList(1, arguments.length)) {
      String[] words = group.split("=");
      run.run(words[0], words.length > 1 ? Integer.parseInt(words[1]) : 0);
    }
  }

  /** Whether all was as it has to be; what was seen is printed. */
  boolean run(String group, int count) throws Exception {
    out.printf("== %s, load %s%n", group, load());
    Path own = Files.createDirectories(folder.resolve(group));
    boolean well =
        switch (group) {
          case "beside" -> beside(own, count > 0 ? count : 5);
          case "clients" -> {
            try (WardianDaemon daemon = WardianDaemon.start(own.resolve("w"))) {
              yield new ManyClients(daemon, out).run(count > 0 ? count : 20);
            }
          }
          case "machines" -> {
            guest(own);
            try (WardianDaemon daemon = WardianDaemon.start(own.resolve("w"))) {
              yield new ManyMachines(daemon, own, out).run(count > 0 ? count : 20);
            }
          }
          case "cycles" -> {
            guest(own);
            try (WardianDaemon daemon = WardianDaemon.start(own.resolve("w"))) {
              yield new StartStopCycles(daemon, own, out).run(count > 0 ? count : 500);
            }
          }
          case "kills" -> new KillsAtRandom(own, out).run(count > 0 ? count : 200);
          default -> throw new IllegalArgumentException("no group " + group);
        };
    out.printf("== %s: %s, load %s%n", group, well ? "well" : "NOT WELL", load());
    return well;
  }

  private boolean beside(Path own, int rounds) throws Exception {
    try (WardianDaemon ours = WardianDaemon.start(own.resolve("w"));
        LibvirtdApart theirs = LibvirtdApart.start(own.resolve("l"))) {
      return new BesideLibvirtd(ours.uri(), theirs.uri(), own, out).run(rounds);
    }
  }

  private static void guest(Path own) throws IOException, InterruptedException {
    if (!Files.exists(own.resolve("initrd.gz"))) {
      Files.deleteIfExists(own.resolve("vmlinuz"));
      StepGuest.writeSmall(own);
    }
  }

  private static String load() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
  }

  /** A line of a report. */
  static String line(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
