package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ConnectDomainEventBlockJobStatus;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Begins block jobs, and does what follows when they are ready or end. What a machine tells of a
 * job only wakes somebody who holds the domain's lock: a client that waits, or a thread of its own.
 */
final class BlockJobs {
  private static final System.Logger LOG = System.getLogger(BlockJobs.class.getName());

  /** How often a client that waits looks by itself. */
  private static final long LOOK_MILLISECONDS = 500;

  /** The states after which there is something to do. */
  private static final Set<String> NEWS = Set.of("ready", "pending", "concluded");

  private final Lifecycle life;
  private final DomainEvents events;
  private final BlockJobResults results;
  private final Backups backups;

  BlockJobs(Lifecycle life, DomainFiles files, DomainEvents events) {
    this.life = life;
    this.events = events;
    results = new BlockJobResults(files);
    backups = new Backups(life, events);
  }

  /** What ends backups. */
  Backups backups() {
    return backups;
  }

  /**
   * Begins a job; the caller holds the lock.
   *
   * @throws LibvirtException where the machine refuses; there is no job then
   */
  void begin(Domain domain, BlockJob job, String command, ObjectNode arguments)
      throws LibvirtException {
    Machine machine = domain.running();
    // In the table first: the machine tells of it before it answers.
    machine.jobs().add(job);
    // Written down first too: whoever is killed leaves no job that the next daemon knows nothing
    // of.
    life.writeStatus(domain);
    try {
      machine.execute(command, arguments);
    } catch (LibvirtException e) {
      machine.jobs().remove(job);
      life.writeStatus(domain);
      throw e;
    }
  }

  /** The machine has told of a job; called on the thread of its events. */
  void told(Domain domain, Machine machine, String name, String status) {
    BlockJob job = machine.jobs().get(name);
    if (job == null || !NEWS.contains(status)) {
      return;
    }
    job.tell();
    if (!job.isAwaited()) {
      Thread.ofVirtual().name("block-job").start(() -> follow(domain, machine, job));
    }
  }

  /** Does what follows, as soon as nobody else changes the domain. */
  private void follow(Domain domain, Machine machine, BlockJob job) {
    while (domain.machine() == machine
        && !machine.isEnding()
        && machine.jobs().get(job.name()) == job) {
      try {
        domain.perform("block job " + job.name(), () -> settle(domain, machine, job));
        return;
      } catch (LibvirtException e) {
        if (e.number() != ErrorNumber.OPERATION_TIMEOUT) {
          // A machine that ends is told of by whoever sees that.
          LOG.log(
              machine.process().isAlive() ? System.Logger.Level.ERROR : System.Logger.Level.DEBUG,
              job.name() + " of " + domain + ": " + e.getMessage());
          return;
        }
      }
    }
  }

  /**
   * Looks what became of a job, and does what follows from it; the caller holds the lock.
   *
   * @return whether it is still there
   */
  boolean settle(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    if (machine.jobs().get(job.name()) != job) {
      return false;
    }
    JsonNode found = look(machine, job);
    String status = found == null ? "" : found.path("status").asText();
    switch (status) {
      case "ready", "standby" -> {
        if (job.state() == BlockJob.State.RUNNING) {
          ready(domain, job);
        }
      }
      case "pending" -> {
        if (job.state() == BlockJob.State.RUNNING) {
          finish(domain, machine, job);
        }
      }
      case "concluded", "null", "" -> {
        conclude(domain, machine, job, found);
        return false;
      }
      default -> {
        // It goes on.
      }
    }
    return true;
  }

  /** What the machine says of a job; null where it knows none. */
  static JsonNode look(Machine machine, BlockJob job) throws LibvirtException {
    JsonNode found = null;
    for (JsonNode one : machine.execute("query-jobs")) {
      if (one.path("id").asText().equals(job.name())) {
        found = one;
      }
    }
    return found;
  }

  /** A commit of images beneath is told to make its result count. */
  private static void finish(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    try {
      BlockCommits.beforeEnd(domain, machine, job);
    } catch (LibvirtException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          job.name() + " of " + domain + " is given up: " + e.getMessage());
      cancel(machine, job, job.state(), true);
      return;
    }
    machine.execute("job-finalize", Machine.arguments().put("id", job.name()));
    job.setState(BlockJob.State.FINISHING);
  }

  /** Settles a job again and again until it is gone; the caller holds the lock. */
  void await(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    try {
      while (settle(domain, machine, job)) {
        job.await(LOOK_MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.internal("interrupted while a block job ended", e);
    }
  }

  private void ready(Domain domain, BlockJob job) {
    job.setState(BlockJob.State.READY);
    editLive(
        domain,
        job.task().disk(),
        disk -> {
          XmlElement mirror = disk.element().child("mirror");
          if (mirror != null) {
            mirror.set("ready", "yes");
          }
        });
    emit(domain, job, ConnectDomainEventBlockJobStatus.READY);
  }

  private void conclude(Domain domain, Machine machine, BlockJob job, JsonNode found)
      throws LibvirtException {
    String error = found == null ? "the job is gone" : found.path("error").asText(null);
    ConnectDomainEventBlockJobStatus outcome =
        job.state() == BlockJob.State.ABORTING
            ? ConnectDomainEventBlockJobStatus.CANCELED
            : error == null
                ? ConnectDomainEventBlockJobStatus.COMPLETED
                : ConnectDomainEventBlockJobStatus.FAILED;
    if (error != null && outcome == ConnectDomainEventBlockJobStatus.FAILED) {
      LOG.log(System.Logger.Level.WARNING, job.name() + " of " + domain + " failed: " + error);
    }
    if (job.kind() == BlockJob.Kind.BACKUP) {
      dismiss(machine, job, found);
      machine.jobs().remove(job);
      backups.ended(domain, machine, job, found, outcome, error);
    } else {
      boolean done = outcome == ConnectDomainEventBlockJobStatus.COMPLETED;
      List<Runnable> later = new ArrayList<>();
      try {
        results.apply(domain, machine, job, done, later);
        // The machine tells of the job until its result is written down: who is killed before that
        // leaves it to the next daemon.
        life.writeStatus(domain);
      } finally {
        dismiss(machine, job, found);
        machine.jobs().remove(job);
      }
      later.forEach(Runnable::run);
    }
    life.writeStatus(domain);
    emit(domain, job, outcome);
  }

  private static void dismiss(Machine machine, BlockJob job, JsonNode found)
      throws LibvirtException {
    if (found != null) {
      machine.execute("job-dismiss", Machine.arguments().put("id", job.name()));
    }
  }

  private void emit(Domain domain, BlockJob job, ConnectDomainEventBlockJobStatus status) {
    DomainDocument live = domain.facts().document();
    String target = job.task().disk();
    events.blockJob(
        domain,
        live.disk(target).flatMap(disk -> disk.source().path()).orElse(null),
        target,
        job.kind().type().number(),
        status.number());
  }

  /** What is changed in a disk. */
  @FunctionalInterface
  interface DiskEdit {
    void apply(Disk disk);
  }

  /** Changes a disk of the running machine's document, and writes it down. */
  void editLive(Domain domain, String target, DiskEdit edit) {
    edit(domain, target, edit);
    life.writeStatus(domain);
  }

  static void edit(Domain domain, String target, DiskEdit edit) {
    domain.update(now -> {
      if (now.live() == null || now.live().disk(target).isEmpty()) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      changed.disk(target).ifPresent(edit::apply);
      return now.withLive(changed);
    });
  }

  /**
   * Ends a job before its time, or moves its disk; the caller holds the lock.
   *
   * @param pivot whether the disk is moved to the copy
   * @param wait whether it is waited for
   */
  void end(Domain domain, BlockJob job, boolean pivot, boolean wait) throws LibvirtException {
    Machine machine = domain.running();
    job.setAwaited(wait);
    try {
      if (pivot) {
        pivot(domain, machine, job);
      } else {
        BlockJob.State before = job.state();
        job.setState(BlockJob.State.ABORTING);
        cancel(machine, job, before, false);
      }
      life.writeStatus(domain);
      if (wait) {
        await(domain, machine, job);
      }
    } finally {
      job.setAwaited(false);
      if (wait && machine.jobs().get(job.name()) == job) {
        // Whatever it told while nobody listened.
        Thread.ofVirtual().name("block-job").start(() -> follow(domain, machine, job));
      }
    }
  }

  /** Has the machine end a job; it tells when it has. */
  static void cancel(Machine machine, BlockJob job, BlockJob.State before, boolean force)
      throws LibvirtException {
    ObjectNode arguments = Machine.arguments().put("device", job.name());
    if (force) {
      arguments.put("force", true);
    }
    try {
      machine.execute("block-job-cancel", arguments);
    } catch (LibvirtException e) {
      job.setState(before);
      throw e;
    }
  }

  private void pivot(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    if (job.state() != BlockJob.State.READY) {
      throw Refusal.qemu(
          ErrorNumber.BLOCK_COPY_ACTIVE, "block job '" + job.name() + "' not ready for pivot yet");
    }
    results.beforePivot(domain, machine, job);
    job.setState(BlockJob.State.PIVOTING);
    // Written down first: whoever takes the job up has to know that its end moves the disk.
    life.writeStatus(domain);
    try {
      machine.execute("job-complete", Machine.arguments().put("id", job.name()));
    } catch (LibvirtException e) {
      job.setState(BlockJob.State.READY);
      throw e;
    }
  }

  /** Takes up the jobs of a machine that was found; what they did meanwhile is done now. */
  void adopt(Domain domain, Machine machine) {
    for (BlockJob job : machine.jobs().all()) {
      if (job.state() == BlockJob.State.PIVOTING) {
        pivotAgain(machine, job);
      }
      follow(domain, machine, job);
    }
  }

  /** The machine may not have been told to move a disk, though that was written down. */
  private static void pivotAgain(Machine machine, BlockJob job) {
    try {
      JsonNode found = look(machine, job);
      if (found != null && found.path("status").asText().equals("ready")) {
        machine.execute("job-complete", Machine.arguments().put("id", job.name()));
      }
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, job.name() + " is not ended: " + e.getMessage());
    }
  }

  /**
   * A machine is gone, and its jobs with it. Disks that it had moved have their new images in the
   * definition, though it could not tell any more; before its folder is removed.
   */
  void lost(Domain domain, Machine machine) {
    lost(domain, domain.facts().live(), machine.folder(), machine.jobs().all());
    machine.jobs().all().forEach(machine.jobs()::remove);
    backups.lost(domain, machine);
  }

  /** The same of a machine that ended while there was no daemon. */
  void lost(Domain domain, MachineStatus status) {
    BlockJobTable jobs = new BlockJobTable();
    try {
      jobs.restore(status.jobs());
    } catch (IllegalArgumentException e) {
      LOG.log(System.Logger.Level.ERROR, "the block jobs of " + domain + " are not known", e);
    }
    lost(domain, status.document(), status.folder(), jobs.all());
  }

  private void lost(Domain domain, DomainDocument live, Path folder, List<BlockJob> jobs) {
    Set<String> moved = jobs.isEmpty() || live == null ? Set.of() : MovedDisks.in(folder);
    for (BlockJob job : jobs) {
      if (moved.contains(job.name())) {
        LOG.log(
            System.Logger.Level.WARNING,
            job.name() + " of " + domain + " had moved its disk when the machine ended");
        try {
          results.movedAtLast(domain, live, job);
        } catch (LibvirtException e) {
          LOG.log(
              System.Logger.Level.ERROR,
              "the definition of %s still has the image of before: %s"
                  .formatted(domain, e.getMessage()));
        }
      }
    }
  }
}
