package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.LogContext;
import org.wardian.daemon.group.MachineGroup;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventShutdownDetailType;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/** Ends machines, and does what follows from their end, whoever brought it about. */
final class MachineEnds {
  private static final System.Logger LOG = System.getLogger(MachineEnds.class.getName());

  private final DomainTable table;
  private final DomainFiles files;
  private final DomainEvents events;
  private final LiveDocuments documents;
  private final BlockJobs blockJobs;
  private final SnapshotRecords records;

  /** What machines that are being ended come to, whoever sees their end first. */
  private final Map<Machine, Ending> intended = new ConcurrentHashMap<>();

  MachineEnds(
      DomainTable table,
      DomainFiles files,
      DomainEvents events,
      LiveDocuments documents,
      BlockJobs blockJobs,
      SnapshotRecords records) {
    this.table = table;
    this.files = files;
    this.events = events;
    this.documents = documents;
    this.blockJobs = blockJobs;
    this.records = records;
  }

  /**
   * Ends a machine at once. Needs no lock: it is what helps when somebody holds it for long.
   *
   * @param graceful not to kill it
   */
  void destroy(Domain domain, boolean graceful) throws LibvirtException {
    Machine machine = domain.running();
    machine.noteEnding();
    DomainRef before = domain.ref();
    if (!machine.end(!graceful)) {
      throw Refusal.failed("Failed to terminate process " + machine.pid() + " with SIGTERM");
    }
    finish(
        domain,
        machine,
        Ending.destroyed(
            before, machine.isGuestShutDown() ? -1 : DomainEventShutdownDetailType.HOST.number()));
  }

  /**
   * Ends a machine that is of no use any more: it was saved, or has switched off.
   *
   * @param reason of the state
   * @param detail of the event
   */
  void retire(Domain domain, Machine machine, int reason, int detail) {
    Ending ending = new Ending(reason, detail, null, -1);
    intended.put(machine, ending);
    machine.noteEnding();
    machine.end(true);
    finish(domain, machine, ending);
  }

  /**
   * How a machine came to its end.
   *
   * @param reason of the state
   * @param detail of the event
   * @param before the domain as it was, where its shutdown is told first
   * @param shutdown the detail of that, or -1
   */
  private record Ending(int reason, int detail, DomainRef before, int shutdown) {
    static Ending destroyed(DomainRef before, int shutdown) {
      return new Ending(
          DomainShutoffReason.DESTROYED.number(),
          DomainEventStoppedDetailType.DESTROYED.number(),
          before,
          shutdown);
    }

    /** One of which no shutdown is told. */
    static Ending of(DomainShutoffReason reason, DomainEventStoppedDetailType detail) {
      return new Ending(reason.number(), detail.number(), null, -1);
    }
  }

  /** A machine's process has ended. */
  void ended(Domain domain, Machine machine) {
    LogContext.about("domain", domain.name(), domain.uuid(), () -> endedUnasked(domain, machine));
  }

  private void endedUnasked(Domain domain, Machine machine) {
    if (machine.isEnding()) {
      // Whoever ended it tells of it; where that one was too slow to see the end, this does.
      Ending destroyed =
          Ending.destroyed(domain.ref(), DomainEventShutdownDetailType.HOST.number());
      finish(domain, machine, intended.getOrDefault(machine, destroyed));
    } else if (machine.isGuestShutDown()) {
      finish(
          domain,
          machine,
          Ending.of(DomainShutoffReason.SHUTDOWN, DomainEventStoppedDetailType.SHUTDOWN));
    } else {
      LOG.log(
          System.Logger.Level.WARNING,
          "the machine of "
              + domain
              + " has ended unexpectedly: "
              + MachineLauncher.lastWords(files.log(domain.name()), 0));
      finish(
          domain,
          machine,
          Ending.of(DomainShutoffReason.CRASHED, DomainEventStoppedDetailType.FAILED));
    }
  }

  /** A machine that was to start again does not. */
  void failed(Domain domain, Machine machine) {
    finish(
        domain,
        machine,
        Ending.of(DomainShutoffReason.FAILED, DomainEventStoppedDetailType.FAILED));
  }

  /** What follows from a machine's end; once, whoever comes first. The others wait for it. */
  private void finish(Domain domain, Machine machine, Ending ending) {
    synchronized (machine) {
      if (domain.detach(machine)) {
        finishDetached(domain, machine, ending);
      }
    }
    intended.remove(machine);
  }

  private void finishDetached(Domain domain, Machine machine, Ending ending) {
    machine.close();
    blockJobs.lost(domain, machine);
    if (ending.shutdown() >= 0 && ending.before() != null) {
      events.lifecycle(ending.before(), DomainEventType.SHUTDOWN, ending.shutdown());
    }
    DomainFacts before = domain.update(now -> now.stopped(ending.reason()));
    String name = before.document().name();
    MachineGroup.remove(before.document(), before.id());
    release(before.live(), machine.folder());
    removeStatus(name);
    DomainRef after = new DomainRef(name, domain.uuid(), -1);
    if (!before.isPersistent()) {
      table.remove(domain);
      if (ending.reason() != DomainShutoffReason.FROM_SNAPSHOT.number()) {
        forget(domain);
      }
    }
    events.lifecycle(after, DomainEventType.STOPPED, ending.detail());
  }

  /** What is known of the snapshots and checkpoints of a domain that is gone goes with it. */
  private void forget(Domain domain) {
    try {
      records.forget(domain.uuid());
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, "files of " + domain + " are left: " + e.getMessage());
    }
  }

  /** Gives back what a machine had beside its process. */
  void release(DomainDocument live, Path folder) {
    documents.cards().release(live);
    try {
      DomainFiles.deleteTree(folder);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, folder + " is not removed", e);
    }
  }

  private void removeStatus(String name) {
    try {
      files.statuses().delete(name);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the status of " + name + " is not removed", e);
    }
  }

  /** A machine whose process ended while there was no daemon. */
  void lost(Domain domain, MachineStatus status) {
    documents.cards().saw(status.document());
    blockJobs.lost(domain, status);
    release(status.document(), status.folder());
    removeStatus(status.document().name());
    domain.update(now -> now.stopped(DomainShutoffReason.CRASHED.number()));
    DomainRef after = new DomainRef(status.document().name(), domain.uuid(), -1);
    if (!domain.facts().isPersistent()) {
      table.remove(domain);
    }
    events.lifecycle(after, DomainEventType.STOPPED, DomainEventStoppedDetailType.FAILED.number());
  }
}
