package org.wardian.cli;

import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.wardian.daemon.Daemon;
import org.wardian.daemon.DaemonLog;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.Folders;
import org.wardian.daemon.SaslUsers;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.libvirt.sasl.DigestServer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ward daemon}: wardiand. */
@Command(
    name = "daemon",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs wardiand: it keeps machines, networks and disks, and libvirt's own programs (virsh,"
          + " virt-manager, virt-install, ...) manage them. Each machine is a process of its own;"
          + " machines go on when the daemon ends, and the next one finds them.",
      ""
    },
    footer = {
      "",
      "A daemon of your own, and a client for it:",
      "  ward daemon --root /tmp/try &",
      "  virsh -c 'qemu+unix:///system?socket=/tmp/try/run/libvirt-sock' list --all",
      "SIGTERM and Ctrl-C end it; machines go on. docs/daemon.md tells the rest."
    })
final class DaemonVerb implements Callable<Integer> {
  private static final int LOOK_MILLIS = 250;

  @Spec private CommandSpec spec;

  @ArgGroup(exclusive = true)
  private Place place;

  /** Whose daemon it is. */
  static final class Place {
    @Option(
        names = "--system",
        description =
            "The host's: /etc/libvirt, /var/lib/libvirt, /run/libvirt. The default for root.")
    private boolean system;

    @Option(
        names = "--session",
        description = "Your own: ~/.config/libvirt and its like. The default for others.")
    private boolean session;

    @Option(
        names = "--root",
        paramLabel = "FOLDER",
        description = "One that keeps all below a folder: etc, run, lib, cache, log.")
    private Path root;
  }

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, instead of wardiand.conf in the configuration's folder.")
  private Path config;

  @Option(names = "--listen-tcp", description = "Serve plain TCP too (port 16509).")
  private boolean tcp;

  @Option(
      names = "--listen-tls",
      description = "Serve TLS too (port 16514), with the certificates below /etc/pki.")
  private boolean tls;

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      description = "Where TCP and TLS are served (default: 127.0.0.1).")
  private String listen;

  @Option(
      names = "--metrics",
      paramLabel = "ADDRESS:PORT",
      description = "Serve figures for Prometheus at http://ADDRESS:PORT/metrics.")
  private String metrics;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description =
          "End when nobody has been connected and no machine has existed for that long, such as"
              + " 120 or 10m.")
  private TimeLimit timeout;

  @Option(
      names = "--emulator",
      paramLabel = "PATH",
      description =
          "The path that machines' documents name as their program (default: ${DEFAULT-VALUE}).",
      defaultValue = "/usr/bin/ward")
  private String emulator;

  @Option(
      names = "--add-user",
      paramLabel = "NAME",
      description =
          "Give a user a password for SASL, read from the terminal or the first line of standard"
              + " input, and end.")
  private String user;

  @Option(names = "--print-config", description = "Print the configuration's form, and end.")
  private boolean printConfig;

  @Override
  public Integer call() {
    try {
      if (printConfig) {
        print();
        return ExitStatus.OK.code();
      }
      DaemonSettings settings =
          DaemonSettings.load(
              folders(),
              Optional.ofNullable(config),
              new DaemonSettings.Overrides(
                  tcp, tls, Optional.ofNullable(listen), Optional.ofNullable(metrics)));
      if (user != null) {
        new SaslUsers(settings.saslUsers())
            .put(user, password(), settings.saslMechanisms().contains(DigestServer.NAME));
        return ExitStatus.OK.code();
      }
      serve(settings);
      return ExitStatus.OK.code();
    } catch (IOException e) {
      throw new Failure(ExitStatus.STORAGE, "no daemon: " + e.getMessage(), e);
    }
  }

  private Folders folders() {
    if (place != null && place.root != null) {
      return Folders.under(place.root.toAbsolutePath(), true);
    }
    boolean root = "root".equals(System.getProperty("user.name"));
    boolean system = place == null ? root : place.system;
    return system
        ? Folders.ofHost()
        : Folders.ofUser(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  private void serve(DaemonSettings settings) throws IOException {
    // Open until the process ends: what is said at the very end is written too.
    DaemonLog log = new DaemonLog(settings.log());
    try {
      serve(settings, log);
    } catch (IOException | RuntimeException e) {
      log.close();
      throw e;
    }
  }

  private void serve(DaemonSettings settings, DaemonLog log) throws IOException {
    CountDownLatch end = new CountDownLatch(1);
    Daemon daemon =
        Daemon.start(
            folders(),
            settings,
            MachineLauncher.ofThisProgram(emulator),
            HostAbilities.of(emulator));
    // By a signal: the hook closes the daemon, and the JVM ends when it has.
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("daemon-end")
                .unstarted(() -> {
                  daemon.close();
                  log.close();
                  end.countDown();
                }));
    PrintWriter err = spec.commandLine().getErr();
    err.println("wardiand serves " + String.join(", ", daemon.places()));
    err.flush();
    try {
      if (timeout == null) {
        end.await();
      } else {
        awaitIdle(daemon, end);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      daemon.close();
    }
  }

  /** Waits for the end by a signal, or for a time without a client and a machine. */
  private void awaitIdle(Daemon daemon, CountDownLatch end) throws InterruptedException {
    long idleSince = System.nanoTime();
    while (!end.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (!daemon.isIdle()) {
        idleSince = System.nanoTime();
      } else if (System.nanoTime() - idleSince >= timeout.duration().toNanos()) {
        return; // The end of the process closes it.
      }
    }
  }

  private void print() throws IOException {
    try (InputStream in = DaemonSettings.class.getResourceAsStream(DaemonSettings.FILE)) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      out.flush();
    }
  }

  private static String password() throws IOException {
    Console console = System.console();
    if (console != null && console.isTerminal()) {
      char[] typed = console.readPassword("Password: ");
      return typed == null ? "" : new String(typed);
    }
    String all = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    String first = all.lines().findFirst().orElse("");
    if (first.isEmpty()) {
      throw new IOException("a password is not empty");
    }
    return first;
  }
}
