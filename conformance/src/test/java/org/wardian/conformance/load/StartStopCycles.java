package org.wardian.conformance.load;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.wardian.conformance.libvirt.WardianDaemon;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainCreateFlags;

/**
 * Machines are started and stopped, again and again: one in ten boots its guest and is switched off
 * or destroyed, three in ten are transient, the rest are started paused and destroyed. What the
 * daemon holds is looked at on the way.
 */
final class StartStopCycles {
  private static final int BOOT_EACH = 10;
  private static final int SAMPLES = 10;

  /** What its heap may have gained between two samples without being growth: caches, and noise. */
  private static final int HEAP_SLACK_KIB = 2_048;

  private static final int SLACK = 3;

  private final WardianDaemon daemon;
  private final Path folder;
  private final PrintStream out;

  /**
   * What there is after some cycles.
   *
   * @param files below the daemon's folder
   */
  private record Sample(int cycles, ProcessFigures process, long files) {}

  StartStopCycles(WardianDaemon daemon, Path folder, PrintStream out) {
    this.daemon = daemon;
    this.folder = folder;
    this.out = out;
  }

  boolean run(int count) throws Exception {
    Path console = folder.resolve("console");
    List<Sample> samples = new ArrayList<>();
    int every = Math.max(1, count / SAMPLES);
    long began = System.nanoTime();
    try (Connection connection = Connection.open(daemon.uri())) {
      Domain small = connection.defineDomain(Machines.small("small", folder, console));
      for (int i = 0; i < count; i++) {
        cycle(connection, small, console, i);
        if ((i + 1) % every == 0) {
          sample(samples, i + 1);
        }
      }
      small.undefine(0);
      // What a client's last call leaves in the daemon goes with its connection.
      TimeUnit.SECONDS.sleep(1);
    }
    out.println(LoadRun.line("%d cycles in %.0f s", count, (System.nanoTime() - began) / 1e9));
    Sample early = samples.get(Math.min(1, samples.size() - 1));
    Sample last = samples.getLast();
    return last.process().descriptors() <= early.process().descriptors() + SLACK
        && last.process().threads() <= early.process().threads() + SLACK
        && last.files() <= early.files()
        && last.process().zombies() == 0
        && last.process().children() == 0
        && last.process().heapKib() <= early.process().heapKib() + HEAP_SLACK_KIB;
  }

  private static void cycle(Connection connection, Domain small, Path console, int number)
      throws Exception {
    int paused = DomainCreateFlags.START_PAUSED;
    if (number % BOOT_EACH == 0) {
      Files.deleteIfExists(console);
      small.start();
      ManyMachines.awaitReady(console);
      if (number % (2 * BOOT_EACH) == 0) {
        small.shutdown();
        ManyMachines.awaitOff(small);
      } else {
        small.destroy();
      }
    } else if (number % BOOT_EACH <= 3) {
      connection.createDomain(Machines.BARE.replace("NAME", "passing"), paused).destroy();
    } else {
      small.start(paused);
      small.destroy();
    }
  }

  private void sample(List<Sample> samples, int cycles) throws Exception {
    Sample sample =
        new Sample(
            cycles, ProcessFigures.of(daemon.pid()), ProcessFigures.files(folder.resolve("w")));
    samples.add(sample);
    out.println(sample);
  }
}
