package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;

/** Starts machines and ends them, with the events that belong to it. */
final class Lifecycle {
  private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());

  private final DomainFiles files;
  private final GuestEvents guestEvents;
  private final LiveDocuments documents;
  private final BlockJobs blockJobs;
  private final MachineEnds ends;
  private final MachineStarts starts;

  Lifecycle(
      DomainTable table,
      DomainFiles files,
      DomainEvents events,
      MachineLauncher launcher,
      LiveDocuments documents,
      SnapshotRecords records,
      Admission admission) {
    this.files = files;
    this.documents = documents;
    blockJobs = new BlockJobs(this, files, events);
    guestEvents = new GuestEvents(this, events, blockJobs);
    ends = new MachineEnds(table, files, events, documents, blockJobs, records);
    starts = new MachineStarts(this, table, files, events, launcher, guestEvents, admission, ends);
  }

  /** What is done to disks while machines run. */
  BlockJobs blockJobs() {
    return blockJobs;
  }

  /** What machines get with their documents. */
  LiveDocuments documents() {
    return documents;
  }

  /** Sets who takes the devices and processors that guests let go; before the first start. */
  void connect(LiveDevices devices, VcpuPlugs vcpus) {
    guestEvents.connect(devices, vcpus);
  }

  /**
   * How a machine is to start.
   *
   * @param paused whether it waits for a resume
   * @param incoming a saved machine to go on with
   * @param document another one than the definition; null for that
   * @param revert the snapshot that it starts from
   */
  record Order(
      boolean paused, Optional<Path> incoming, DomainDocument document, Optional<Revert> revert) {
    /** Without a snapshot. */
    Order(boolean paused, Optional<Path> incoming, DomainDocument document) {
      this(paused, incoming, document, Optional.empty());
    }

    /** From the beginning. */
    static Order boot(boolean paused) {
      return new Order(paused, Optional.empty(), null);
    }
  }

  /**
   * A snapshot to start from.
   *
   * @param memory its name within the disks; empty for one that has no memory
   */
  record Revert(Optional<String> memory) {}

  /**
   * Starts a machine; the caller holds the domain's lock.
   *
   * @throws LibvirtException where it runs already, or cannot
   */
  void start(Domain domain, Order order) throws LibvirtException {
    starts.start(domain, order);
  }

  /**
   * Starts a machine anew whose guest has switched off, or crashed: another process, the same
   * document and number. The caller holds the lock.
   */
  void relaunch(Domain domain, Machine old) throws LibvirtException {
    starts.relaunch(domain, old);
  }

  /** Takes up a machine that was found: it is controlled again from now on. */
  void adopt(Domain domain, MachineStatus status) throws IOException {
    documents.cards().saw(status.document());
    ProcessHandle process =
        ProcessHandle.of(status.pid()).orElseThrow(() -> new IOException("it has ended"));
    Machine machine =
        Machine.connect(process, status.folder(), event -> guestEvents.take(domain, event));
    if (machine.startTicks() != status.startTicks()) {
      machine.close();
      throw new IOException("process " + status.pid() + " is another one");
    }
    try {
      machine.jobs().restore(status.jobs());
    } catch (IllegalArgumentException e) {
      LOG.log(System.Logger.Level.ERROR, "the block jobs of " + domain + " are not known", e);
    }
    domain.attach(machine);
    machine.whenEnded(() -> ends.ended(domain, machine));
    try {
      Set<String> open = LiveDocuments.openChannels(machine);
      domain.update(now -> {
        if (now.live() == null) {
          return now; // It has ended meanwhile.
        }
        DomainDocument live = now.live().copy();
        LiveDocuments.channels(live, open);
        return now.withLive(live);
      });
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, "the channels of " + domain + " are not known", e);
    }
    writeStatus(domain);
    guestEvents.catchUp(domain, machine);
    blockJobs.adopt(domain, machine);
  }

  /**
   * The last daemon was killed while it saved a machine, or wrote its memory out: the machine goes
   * on, for nobody was told that it is saved.
   */
  void goOn(Domain domain) throws LibvirtException {
    LOG.log(System.Logger.Level.WARNING, domain + " was being saved, and goes on");
    resume(domain, DomainRunningReason.SAVE_CANCELED.number());
  }

  /** Writes what the next daemon has to know; a failure is told in the log. */
  void writeStatus(Domain domain) {
    Machine machine = domain.machine();
    DomainFacts facts = domain.facts();
    if (machine == null || facts.live() == null) {
      return;
    }
    try {
      new MachineStatus(
              machine.pid(),
              machine.startTicks(),
              machine.folder(),
              facts.state(),
              facts.reason(),
              facts.live(),
              machine.jobs().tree())
          .write(files.statuses());
      if (domain.machine() == null) {
        // It ended meanwhile, and its file may have been removed before it was written.
        files.statuses().delete(facts.live().name());
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the status of " + domain + " is not written", e);
    }
  }

  /** Pauses a running machine; nothing where it is. The caller holds the lock. */
  void suspend(Domain domain, int reason) throws LibvirtException {
    Machine machine = domain.running();
    if (domain.facts().state() == DomainState.PMSUSPENDED) {
      throw Refusal.notNow("domain is pmsuspended");
    }
    if (domain.facts().state() == DomainState.PAUSED) {
      return;
    }
    machine.setPauseReason(reason);
    machine.execute("stop");
    guestEvents.paused(domain, machine);
    writeStatus(domain);
  }

  /** Lets a paused machine go on. The caller holds the lock. */
  void resume(Domain domain, int reason) throws LibvirtException {
    Machine machine = domain.running();
    DomainState state = domain.facts().state();
    if (state == DomainState.PMSUSPENDED) {
      throw Refusal.notNow("domain is pmsuspended");
    }
    if (state == DomainState.RUNNING) {
      throw Refusal.notNow("domain is already running");
    }
    machine.execute("cont");
    guestEvents.resumed(domain, reason);
    writeStatus(domain);
    MachineThreads.place(machine, domain.facts().live());
  }

  /**
   * Ends a machine at once. Needs no lock: it is what helps when somebody holds it for long.
   *
   * @param graceful not to kill it
   */
  void destroy(Domain domain, boolean graceful) throws LibvirtException {
    ends.destroy(domain, graceful);
  }

  /**
   * Ends a machine that is of no use any more: it was saved, or has switched off.
   *
   * @param reason of the state
   * @param detail of the event
   */
  void retire(Domain domain, Machine machine, int reason, int detail) {
    ends.retire(domain, machine, reason, detail);
  }

  /** A machine whose process ended while there was no daemon. */
  void lost(Domain domain, MachineStatus status) {
    ends.lost(domain, status);
  }
}
