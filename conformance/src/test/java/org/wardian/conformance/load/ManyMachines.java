package org.wardian.conformance.load;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.wardian.conformance.libvirt.StepGuest;
import org.wardian.conformance.libvirt.WardianDaemon;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainState;

/** Many machines of 80 MiB at once: all say that they are ready, and end by their power button. */
final class ManyMachines {
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(20);

  private final WardianDaemon daemon;
  private final Path folder;
  private final PrintStream out;

  ManyMachines(WardianDaemon daemon, Path folder, PrintStream out) {
    this.daemon = daemon;
    this.folder = folder;
    this.out = out;
  }

  boolean run(int count) throws Exception {
    long began = System.nanoTime();
    Figures starts = new Figures();
    Figures ready = new Figures();
    Figures memory = new Figures();
    try (Connection connection = Connection.open(daemon.uri())) {
      List<Domain> domains = new ArrayList<>();
      List<Path> consoles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Path console = folder.resolve("console" + i);
        Files.deleteIfExists(console);
        consoles.add(console);
        domains.add(connection.defineDomain(Machines.small("small" + i, folder, console)));
      }
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          int number = i;
          all.add(
              threads.submit(() -> {
                domains.get(number).start();
                starts.add(seconds(began));
                awaitReady(consoles.get(number));
                ready.add(seconds(began));
                return null;
              }));
        }
        for (Future<?> one : all) {
          one.get();
        }
      }
      for (long pid : machines()) {
        memory.add(ProcessFigures.shareKib(pid) / 1024.0);
      }
      out.println("seconds from the first start until a machine's start returned: " + starts);
      out.println("seconds from the first start until a guest was ready: " + ready);
      out.println("MiB of a machine's process (PSS): " + memory);
      out.println("the daemon with " + count + " machines: " + ProcessFigures.of(daemon.pid()));
      long stopped = System.nanoTime();
      for (Domain domain : domains) {
        domain.shutdown();
      }
      for (Domain domain : domains) {
        awaitOff(domain);
      }
      out.println(LoadRun.line("all have switched off after %.1f s", seconds(stopped)));
      for (Domain domain : domains) {
        domain.undefine(0);
      }
      return memory.count() == count && machines().isEmpty();
    }
  }

  /** The processes of this daemon's machines. */
  private List<Long> machines() throws IOException {
    List<Long> all = new ArrayList<>();
    for (long pid : ProcessFigures.processes()) {
      List<String> command = ProcessFigures.command(pid);
      if (command.contains("machine")
          && command.stream().anyMatch(word -> word.startsWith(folder + "/"))) {
        all.add(pid);
      }
    }
    return all;
  }

  /** Waits for the guest's word on its console. */
  static void awaitReady(Path console) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE;
    String said = "";
    while (!said.contains(StepGuest.READY)) {
      if (System.nanoTime() > end) {
        throw new IOException(console + " says only: " + said);
      }
      TimeUnit.MILLISECONDS.sleep(100);
      said = Files.exists(console) ? Files.readString(console, StandardCharsets.ISO_8859_1) : "";
    }
  }

  /** Waits until a domain is off. */
  static void awaitOff(Domain domain) throws Exception {
    long end = System.nanoTime() + PATIENCE;
    while (domain.state() != DomainState.SHUTOFF) {
      if (System.nanoTime() > end) {
        throw new IOException(domain + " does not switch off");
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
