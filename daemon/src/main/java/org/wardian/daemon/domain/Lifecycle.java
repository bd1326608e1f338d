package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.LogContext;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventResumedDetailType;
import org.wardian.libvirt.constants.DomainEventShutdownDetailType;
import org.wardian.libvirt.constants.DomainEventStartedDetailType;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainEventSuspendedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/** Starts machines and ends them, with the events that belong to it. */
final class Lifecycle {
  private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());

  private final DomainTable table;
  private final DomainFiles files;
  private final DomainEvents events;
  private final MachineLauncher launcher;
  private final GuestEvents guestEvents;
  private final LiveDocuments documents;
  private final BlockJobs blockJobs;
  private final SnapshotRecords records;

  /** What machines that are being ended come to, whoever sees their end first. */
  private final Map<Machine, Ending> intended = new ConcurrentHashMap<>();

  Lifecycle(
      DomainTable table,
      DomainFiles files,
      DomainEvents events,
      MachineLauncher launcher,
      LiveDocuments documents,
      SnapshotRecords records) {
    this.table = table;
    this.files = files;
    this.events = events;
    this.launcher = launcher;
    this.documents = documents;
    this.records = records;
    blockJobs = new BlockJobs(this, files, events);
    guestEvents = new GuestEvents(this, events, blockJobs);
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

  /** The numbers that clients are told of a start. */
  private record Story(int started, int suspended, int paused, int resumed, int running) {
    static Story of(Order order) {
      if (order.revert().isPresent()) {
        return new Story(
            DomainEventStartedDetailType.FROM_SNAPSHOT.number(),
            DomainEventSuspendedDetailType.FROM_SNAPSHOT.number(),
            DomainPausedReason.FROM_SNAPSHOT.number(),
            DomainEventResumedDetailType.FROM_SNAPSHOT.number(),
            DomainRunningReason.FROM_SNAPSHOT.number());
      }
      boolean restored = order.incoming().isPresent();
      return new Story(
          restored
              ? DomainEventStartedDetailType.RESTORED.number()
              : DomainEventStartedDetailType.BOOTED.number(),
          restored
              ? DomainEventSuspendedDetailType.RESTORED.number()
              : DomainEventSuspendedDetailType.PAUSED.number(),
          DomainPausedReason.USER.number(),
          DomainEventResumedDetailType.UNPAUSED.number(),
          restored ? DomainRunningReason.RESTORED.number() : DomainRunningReason.BOOTED.number());
    }
  }

  /**
   * Starts a machine; the caller holds the domain's lock.
   *
   * @throws LibvirtException where it runs already, or cannot
   */
  void start(Domain domain, Order order) throws LibvirtException {
    if (domain.isActive()) {
      throw Refusal.notNow("domain is already running");
    }
    int id = table.nextId();
    DomainDocument live =
        documents.begin(order.document() != null ? order.document() : domain.definition(), id);
    Path folder = files.makeMachineFolder(id, live);
    Machine machine = null;
    try {
      files.writeLive(folder, documents.prepare(live));
      machine =
          launcher.launch(
              folder,
              files.log(live.name()),
              new MachineLauncher.Origin(order.incoming(), order.revert().flatMap(Revert::memory)),
              event -> guestEvents.take(domain, event));
      documents.complete(live, machine);
      publish(domain, machine, live, id, order);
    } catch (LibvirtException | RuntimeException e) {
      if (machine != null) {
        domain.detach(machine);
        machine.noteEnding();
        machine.end(true);
        machine.close();
      }
      release(live, folder);
      domain.update(now -> now.stopped(DomainShutoffReason.FAILED.number()));
      throw e;
    }
  }

  private void publish(Domain domain, Machine machine, DomainDocument live, int id, Order order)
      throws LibvirtException {
    Machine started = machine;
    MachineGroup.make(machine.pid());
    domain.attach(machine);
    domain.update(
        now -> now.running(live, id, DomainState.PAUSED, DomainPausedReason.STARTING_UP.number()));
    machine.whenEnded(() -> ended(domain, started));
    Story story = Story.of(order);
    if (order.paused()) {
      domain.enter(DomainState.PAUSED, story.paused());
      domain.update(now -> now.in(DomainState.PAUSED, story.paused()));
      writeStatus(domain);
      events.lifecycle(domain, DomainEventType.STARTED, story.started());
      events.lifecycle(domain, DomainEventType.SUSPENDED, story.suspended());
      return;
    }
    machine.execute("cont");
    domain.enter(DomainState.RUNNING, story.running());
    writeStatus(domain);
    if (order.revert().isPresent()) {
      // Here libvirt tells the start first.
      events.lifecycle(domain, DomainEventType.STARTED, story.started());
      events.lifecycle(domain, DomainEventType.RESUMED, story.resumed());
      return;
    }
    events.lifecycle(domain, DomainEventType.RESUMED, story.resumed());
    events.lifecycle(domain, DomainEventType.STARTED, story.started());
  }

  /**
   * Starts a machine anew whose guest has switched off, or crashed: another process, the same
   * document and number. The caller holds the lock.
   */
  void relaunch(Domain domain, Machine old) throws LibvirtException {
    DomainDocument live = domain.facts().live();
    if (live == null || !domain.detach(old)) {
      return;
    }
    old.noteEnding();
    old.end(true);
    old.close();
    Machine machine = null;
    try {
      Files.deleteIfExists(Machine.socket(old.folder()));
      files.refreshDisks(old.folder(), live);
      machine =
          launcher.launch(
              old.folder(),
              files.log(live.name()),
              MachineLauncher.Origin.BOOT,
              event -> guestEvents.take(domain, event));
      blockJobs.lost(domain, old);
      DomainDocument again = live.copy();
      again.disks().forEach(disk -> disk.element().remove("mirror"));
      documents.complete(again, machine);
      Machine started = machine;
      domain.update(now ->
          now.running(
              again, now.id(), DomainState.PAUSED, DomainPausedReason.STARTING_UP.number()));
      domain.attach(machine);
      machine.whenEnded(() -> ended(domain, started));
      machine.execute("cont");
      domain.enter(DomainState.RUNNING, DomainRunningReason.BOOTED.number());
      writeStatus(domain);
    } catch (LibvirtException | IOException | RuntimeException e) {
      domain.attach(old);
      if (machine != null) {
        machine.noteEnding();
        machine.end(true);
        machine.close();
      }
      finish(
          domain,
          old,
          new Ending(
              DomainShutoffReason.FAILED.number(),
              DomainEventStoppedDetailType.FAILED.number(),
              null,
              -1));
      throw e instanceof LibvirtException known
          ? known
          : Refusal.internal("the machine does not start again: " + e.getMessage(), e);
    }
  }

  /** Takes up a machine that was found: it is controlled again from now on. */
  void adopt(Domain domain, MachineStatus status) throws IOException {
    documents.saw(status.document());
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
    machine.whenEnded(() -> ended(domain, machine));
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
        new Ending(
            DomainShutoffReason.DESTROYED.number(),
            DomainEventStoppedDetailType.DESTROYED.number(),
            before,
            machine.isGuestShutDown() ? -1 : DomainEventShutdownDetailType.HOST.number()));
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
  private record Ending(int reason, int detail, DomainRef before, int shutdown) {}

  /** A machine's process has ended. */
  private void ended(Domain domain, Machine machine) {
    LogContext.about("domain", domain.name(), domain.uuid(), () -> endedUnasked(domain, machine));
  }

  private void endedUnasked(Domain domain, Machine machine) {
    if (machine.isEnding()) {
      // Whoever ended it tells of it; where that one was too slow to see the end, this does.
      Ending destroyed =
          new Ending(
              DomainShutoffReason.DESTROYED.number(),
              DomainEventStoppedDetailType.DESTROYED.number(),
              domain.ref(),
              DomainEventShutdownDetailType.HOST.number());
      finish(domain, machine, intended.getOrDefault(machine, destroyed));
    } else if (machine.isGuestShutDown()) {
      finish(
          domain,
          machine,
          new Ending(
              DomainShutoffReason.SHUTDOWN.number(),
              DomainEventStoppedDetailType.SHUTDOWN.number(),
              null,
              -1));
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
          new Ending(
              DomainShutoffReason.CRASHED.number(),
              DomainEventStoppedDetailType.FAILED.number(),
              null,
              -1));
    }
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
    MachineGroup.remove(machine.pid());
    if (ending.shutdown() >= 0 && ending.before() != null) {
      events.lifecycle(ending.before(), DomainEventType.SHUTDOWN, ending.shutdown());
    }
    DomainFacts before = domain.update(now -> now.stopped(ending.reason()));
    String name = before.document().name();
    release(before.live(), machine.folder());
    try {
      files.statuses().delete(name);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the status of " + name + " is not removed", e);
    }
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

  private void release(DomainDocument live, Path folder) {
    documents.release(live);
    try {
      DomainFiles.deleteTree(folder);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, folder + " is not removed", e);
    }
  }

  /** A machine whose process ended while there was no daemon. */
  void lost(Domain domain, MachineStatus status) {
    documents.saw(status.document());
    release(status.document(), status.folder());
    try {
      files.statuses().delete(status.document().name());
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the status of " + domain + " is not removed", e);
    }
    domain.update(now -> now.stopped(DomainShutoffReason.CRASHED.number()));
    DomainRef after = new DomainRef(status.document().name(), domain.uuid(), -1);
    if (!domain.facts().isPersistent()) {
      table.remove(domain);
    }
    events.lifecycle(after, DomainEventType.STOPPED, DomainEventStoppedDetailType.FAILED.number());
  }
}
