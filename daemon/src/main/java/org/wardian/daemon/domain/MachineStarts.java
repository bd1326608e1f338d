package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.daemon.group.MachineGroup;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventResumedDetailType;
import org.wardian.libvirt.constants.DomainEventStartedDetailType;
import org.wardian.libvirt.constants.DomainEventSuspendedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;

/** Starts machines: for the first time, from what was saved, and anew after their guest's end. */
final class MachineStarts {
  private static final System.Logger LOG = System.getLogger(MachineStarts.class.getName());

  private final Lifecycle life;
  private final DomainTable table;
  private final DomainFiles files;
  private final DomainEvents events;
  private final MachineLauncher launcher;
  private final GuestEvents guestEvents;
  private final Admission admission;
  private final MachineEnds ends;

  MachineStarts(
      Lifecycle life,
      DomainTable table,
      DomainFiles files,
      DomainEvents events,
      MachineLauncher launcher,
      GuestEvents guestEvents,
      Admission admission,
      MachineEnds ends) {
    this.life = life;
    this.table = table;
    this.files = files;
    this.events = events;
    this.launcher = launcher;
    this.guestEvents = guestEvents;
    this.admission = admission;
    this.ends = ends;
  }

  /** The numbers that clients are told of a start. */
  private record Story(int started, int suspended, int paused, int resumed, int running) {
    static Story of(Lifecycle.Order order) {
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
  void start(Domain domain, Lifecycle.Order order) throws LibvirtException {
    if (domain.isActive()) {
      throw Refusal.notNow("domain is already running");
    }
    DomainDocument document = order.document() != null ? order.document() : domain.definition();
    try (Admission.Ticket _ = admission.admit(domain, document)) {
      start(domain, order, document);
    }
  }

  private void start(Domain domain, Lifecycle.Order order, DomainDocument document)
      throws LibvirtException {
    int id = table.nextId();
    DomainDocument live = life.documents().begin(document, id);
    Path folder = files.makeMachineFolder(id, live);
    Machine machine = null;
    try {
      SocketPaths.require(Machine.socket(folder).toString());
      files.writeLive(folder, life.documents().prepare(live));
      machine =
          launcher.launch(
              folder,
              files.log(live.name()),
              new MachineLauncher.Origin(
                  order.incoming(), order.revert().flatMap(Lifecycle.Revert::memory)),
              pid -> MachineGroup.make(pid, live, id),
              event -> guestEvents.take(domain, event));
      life.documents().complete(live, machine);
      publish(domain, machine, live, id, order);
    } catch (LibvirtException | RuntimeException e) {
      if (machine != null) {
        domain.detach(machine);
        machine.noteEnding();
        machine.end(true);
        machine.close();
      }
      MachineGroup.remove(live, id);
      ends.release(live, folder);
      domain.update(now -> now.stopped(DomainShutoffReason.FAILED.number()));
      throw e;
    }
  }

  /** A guest that is to have less than its largest memory gives up the rest as soon as it can. */
  private static void blowUp(Machine machine, DomainDocument live) {
    boolean balloon = live.balloon().filter(one -> !one.model().equals("none")).isPresent();
    if (!balloon || live.currentMemoryKib() >= live.memoryKib()) {
      return;
    }
    try {
      machine.execute("balloon", Machine.arguments().put("value", live.currentMemoryKib() << 10));
    } catch (LibvirtException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          live.name() + " starts with all of its memory: " + e.getMessage());
    }
  }

  private void publish(
      Domain domain, Machine machine, DomainDocument live, int id, Lifecycle.Order order)
      throws LibvirtException {
    Machine started = machine;
    MachineThreads.limit(machine, live);
    domain.attach(machine);
    domain.update(
        now -> now.running(live, id, DomainState.PAUSED, DomainPausedReason.STARTING_UP.number()));
    machine.whenEnded(() -> ends.ended(domain, started));
    blowUp(machine, live);
    Story story = Story.of(order);
    if (order.paused()) {
      domain.enter(DomainState.PAUSED, story.paused());
      domain.update(now -> now.in(DomainState.PAUSED, story.paused()));
      life.writeStatus(domain);
      events.lifecycle(domain, DomainEventType.STARTED, story.started());
      events.lifecycle(domain, DomainEventType.SUSPENDED, story.suspended());
      return;
    }
    machine.execute("cont");
    MachineThreads.place(machine, live);
    domain.enter(DomainState.RUNNING, story.running());
    life.writeStatus(domain);
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
              pid -> MachineGroup.make(pid, live, domain.facts().id()),
              event -> guestEvents.take(domain, event));
      life.blockJobs().lost(domain, old);
      DomainDocument again = live.copy();
      again.disks().forEach(disk -> disk.element().remove("mirror"));
      life.documents().complete(again, machine);
      Machine started = machine;
      domain.update(now -> now.running(again, now.id(), DomainState.RUNNING, runsAgain(now)));
      domain.attach(machine);
      machine.whenEnded(() -> ends.ended(domain, started));
      MachineThreads.limit(machine, again);
      blowUp(machine, again);
      machine.execute("cont");
      MachineThreads.place(machine, again);
      life.writeStatus(domain);
    } catch (LibvirtException | IOException | RuntimeException e) {
      domain.attach(old);
      if (machine != null) {
        machine.noteEnding();
        machine.end(true);
        machine.close();
      }
      ends.failed(domain, old);
      throw e instanceof LibvirtException known
          ? known
          : Refusal.internal("the machine does not start again: " + e.getMessage(), e);
    }
  }

  /** Why a guest runs that has started anew: what was said before, for clients see no gap. */
  private static int runsAgain(DomainFacts before) {
    return switch (before.state()) {
      case RUNNING -> before.reason();
      case CRASHED -> DomainRunningReason.CRASHED.number();
      default -> DomainRunningReason.BOOTED.number();
    };
  }
}
