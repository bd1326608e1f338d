package org.wardian.cli.manage;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.TimeLimit;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Subscription;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward stop}. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    description = {
      "Asks the guests of machines to shut down, as their power button would (ACPI). A guest may"
          + " take its time, or not listen; --wait tells when it is off, --force does not ask it.",
      "",
      "  ward stop web",
      "  ward stop --wait --timeout 90 web db || ward stop --force web db",
      ""
    })
final class StopVerb extends DomainsVerb {
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  @Option(
      names = {"-f", "--force"},
      description =
          "Take the power away. What the guest has not written to its disks by then is lost.")
  private boolean force;

  @Option(
      names = {"-w", "--wait"},
      description = "Wait until it is off.")
  private boolean wait;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "With --wait: how long, such as 90 or 5m, for each machine; it stays on then.")
  private TimeLimit timeout;

  @Override
  void check() {
    if (timeout != null && !wait) {
      throw mistake("--timeout is for --wait");
    }
  }

  @Override
  String act(Connection connection, Domain domain) throws LibvirtException, InterruptedException {
    if (force) {
      domain.destroy();
      return "stopped";
    }
    if (!wait) {
      domain.shutdown();
      return "asked to shut down";
    }
    Semaphore changed = new Semaphore(0);
    Subscription events = listen(connection, domain, changed);
    try {
      domain.shutdown();
      awaitOff(connection, domain, changed);
    } finally {
      events.close();
    }
    return "shut down";
  }

  private static Subscription listen(Connection connection, Domain domain, Semaphore changed)
      throws LibvirtException {
    try {
      return connection
          .events()
          .ofLifecycle(event -> {
            if (event.dom().uuid().equals(domain.uuid())) {
              changed.release();
            }
          });
    } catch (LibvirtException e) {
      if (!Refusals.isUnsupported(e)) {
        throw e;
      }
      return () -> {};
    }
  }

  private void awaitOff(Connection connection, Domain domain, Semaphore changed)
      throws LibvirtException, InterruptedException {
    long until =
        timeout == null ? Long.MAX_VALUE : System.nanoTime() + timeout.duration().toNanos();
    while (isOn(connection, domain)) {
      long left = timeout == null ? Long.MAX_VALUE : until - System.nanoTime();
      if (left <= 0) {
        throw new Failure(
            ExitStatus.TIMEOUT,
            Cells.plain(domain.name())
                + " is still on after "
                + timeout.duration().toSeconds()
                + " s: its guest may not listen; 'ward stop --force' takes its power");
      }
      // Events say when to look; a daemon that has none is looked at each second.
      changed.tryAcquire(Math.min(left, LOOK_AGAIN.toNanos()), TimeUnit.NANOSECONDS);
    }
  }

  private static boolean isOn(Connection connection, Domain domain) throws LibvirtException {
    try {
      return DomainStates.now(connection, domain).isActive();
    } catch (LibvirtException e) {
      if (Refusals.isNotFound(e)) {
        return false; // It was not defined, and is gone.
      }
      throw e;
    }
  }
}
