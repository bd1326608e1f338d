package org.wardian.conformance.load;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.wardian.conformance.libvirt.WardianDaemon;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The daemon, machines and processes of networks are killed at random moments while six clients
 * change domains, machines, snapshots, volumes and networks. After each, all that was acknowledged
 * is there, what was unfinished is whole or absent, and nothing is left over.
 */
final class KillsAtRandom {
  private static final long SEED = Long.getLong("wardian.load.seed", 20_261_122);
  private static final int SHORTEST_MILLISECONDS = 100;
  private static final int LONGEST_MILLISECONDS = 3_000;
  private static final int MOST_FAULTS = 200;

  private final Path folder;
  private final PrintStream out;
  private final Random random = new Random(SEED);
  private final LeftOvers leftOvers;
  private final List<Worker<?>> workers = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private Workers.Running machines;
  private Workers.ActiveNetworks networks;
  private WardianDaemon daemon;
  private int daemonKills;
  private int machineKills;
  private int networkKills;

  KillsAtRandom(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
    leftOvers = new LeftOvers(folder.resolve("w"), folder.resolve(Workers.POOL));
  }

  boolean run(int count) throws Exception {
    long began = System.nanoTime();
    daemon = WardianDaemon.start(folder.resolve("w"));
    try {
      try (Connection connection = Connection.open(daemon.uri())) {
        machines = new Workers.Running(connection);
        workers.add(machines);
        workers.add(new Workers.Definitions());
        workers.add(new Workers.Names(connection));
        workers.add(new Workers.SnapshotTaker(connection, folder));
        workers.add(new Workers.Volumes(connection, folder));
        networks = new Workers.ActiveNetworks(connection);
        workers.add(networks);
      }
      while (daemonKills + machineKills + networkKills < count && faults.size() < MOST_FAULTS) {
        round();
      }
    } catch (Exception e) {
      e.printStackTrace(out);
      faults.add(e.toString());
    } finally {
      end();
    }
    workers.forEach(worker -> out.println(worker.summary()));
    out.println(
        LoadRun.line(
            "killed: the daemon %d times, machines %d, processes of networks %d; %.0f s; %d faults",
            daemonKills,
            machineKills,
            networkKills,
            (System.nanoTime() - began) / 1e9,
            faults.size()));
    return faults.isEmpty();
  }

  private void round() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (Worker<?> worker : workers) {
        long seed = random.nextLong();
        String uri = daemon.uri();
        all.add(
            threads.submit(() -> {
              worker.work(uri, new Random(seed), over::get);
              return null;
            }));
      }
      for (int i = random.nextInt(3); i > 0; i--) {
        pause();
        if (random.nextInt(4) > 0) {
          machineKills += killMachine() ? 1 : 0;
        } else {
          networkKills += killNetwork() ? 1 : 0;
        }
      }
      pause();
      boolean whole = random.nextInt(5) > 0;
      if (whole) {
        daemon.kill();
        daemonKills++;
      }
      over.set(true);
      for (Future<?> one : all) {
        one.get();
      }
      if (whole) {
        daemon = WardianDaemon.start(folder.resolve("w"));
      }
    }
    check();
  }

  private void pause() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(
        SHORTEST_MILLISECONDS + random.nextInt(LONGEST_MILLISECONDS - SHORTEST_MILLISECONDS));
  }

  private boolean killMachine() throws IOException {
    List<LeftOvers.Process> all = leftOvers.machines();
    if (all.isEmpty()) {
      return false;
    }
    LeftOvers.Process one = all.get(random.nextInt(all.size()));
    if (ProcessHandle.of(one.pid()).map(ProcessHandle::destroyForcibly).orElse(false)) {
      machines.killed(one.name());
      return true;
    }
    return false;
  }

  private boolean killNetwork() throws IOException {
    List<LeftOvers.Process> all = leftOvers.networks();
    if (all.isEmpty()) {
      return false;
    }
    LeftOvers.Process one = all.get(random.nextInt(all.size()));
    networks.killed(one.name());
    return ProcessHandle.of(one.pid()).map(ProcessHandle::destroyForcibly).orElse(false);
  }

  private void check() throws Exception {
    List<String> found = new ArrayList<>();
    try (Connection connection = Connection.open(daemon.uri())) {
      // First, for it waits until the daemon has seen the ends of processes.
      found.addAll(leftOvers.faults(connection, daemon.pid()));
      for (Worker<?> worker : workers) {
        found.addAll(worker.check(connection));
      }
    } catch (LibvirtException e) {
      found.add("the daemon does not answer: " + e);
    }
    for (String fault : found) {
      out.println("after kill " + (daemonKills + machineKills + networkKills) + ": " + fault);
    }
    faults.addAll(found);
  }

  private void end() throws Exception {
    try (Connection connection = Connection.open(daemon.uri())) {
      for (Worker<?>.Thing thing : machines.things) {
        if (connection.domain(thing.name).id() > 0) {
          connection.domain(thing.name).destroy();
        }
      }
      for (int i = 0; i < 2; i++) {
        if (connection.network("load" + i).isActive()) {
          connection.network("load" + i).destroy();
        }
      }
    } finally {
      daemon.close();
      for (LeftOvers.Process one : leftOvers.all()) {
        out.println("still there: " + one);
        ProcessHandle.of(one.pid()).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
    out.println(
        "words of the daemon: "
            + Files.readString(folder.resolve("w/words"))
                .lines()
                .filter(line -> line.contains("ERROR") || line.contains("Exception"))
                .distinct()
                .limit(20)
                .toList());
  }
}
