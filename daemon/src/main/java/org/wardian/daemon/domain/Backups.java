package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.backup.BackupDisk;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ConnectDomainEventBlockJobStatus;
import org.wardian.libvirt.constants.DomainJobType;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** How backups go on and end. */
final class Backups {
  private static final System.Logger LOG = System.getLogger(Backups.class.getName());

  /** How long what cannot be done beside a backup waits for its end, as libvirt has it. */
  private static final long PATIENCE_SECONDS = 30;

  private final Lifecycle life;
  private final DomainEvents events;

  Backups(Lifecycle life, DomainEvents events) {
    this.life = life;
    this.events = events;
  }

  /** The image that a backup of a disk writes. */
  static DiskChain.Image image(BackupDisk disk) {
    BackupDisk.Store store = disk.store();
    DiskChain.Image file =
        store.type().equals("block")
            ? new DiskChain.Image(
                "block", store.format(), new XmlElement("source").set("dev", store.path()))
            : DiskChain.Image.file(store.path(), store.format());
    return file.withIndex(OptionalInt.of(store.index()));
  }

  /** The bitmap that is made for a backup of a disk's changes. */
  static String bitmap(BackupDisk disk) {
    return "backup-" + disk.name();
  }

  /** How far a backup is. */
  static BackupJob.Figures figures(Machine machine, BackupJob backup) throws LibvirtException {
    List<JsonNode> running = new ArrayList<>();
    for (JsonNode job : machine.execute("query-jobs")) {
      BlockJob known = machine.jobs().get(job.path("id").asText());
      if (known != null && known.kind() == BlockJob.Kind.BACKUP) {
        running.add(job);
      }
    }
    return backup.figures(DomainJobType.UNBOUNDED, running);
  }

  /**
   * Waits until no backup goes on: for what cannot be done beside one. Before the domain's lock is
   * taken.
   *
   * @throws LibvirtException where it takes too long
   */
  static void awaitNone(Domain domain) throws LibvirtException {
    Machine machine = domain.machine();
    BackupJob backup = machine == null ? null : machine.jobs().backup();
    if (backup != null && !backup.await(PATIENCE_SECONDS)) {
      throw Refusal.qemu(
          ErrorNumber.OPERATION_TIMEOUT,
          "cannot acquire state change lock (held by monitor=remoteDispatchDomainBackupBegin)");
    }
  }

  /** Ends a backup before its time; its block jobs tell when they have ended. */
  void abort(Machine machine) throws LibvirtException {
    if (machine.jobs().backup() == null) {
      throw Refusal.notNow("no job is active on the domain");
    }
    cancelAll(machine);
  }

  private static boolean cancelAll(Machine machine) throws LibvirtException {
    boolean any = false;
    for (BlockJob job : machine.jobs().all()) {
      if (job.kind() != BlockJob.Kind.BACKUP) {
        continue;
      }
      any = true;
      if (!job.isEnding()) {
        BlockJob.State before = job.state();
        job.setState(BlockJob.State.ABORTING);
        BlockJobs.cancel(machine, job, before, true);
      }
    }
    return any;
  }

  /**
   * A block job of a backup has ended; the caller holds the lock.
   *
   * @param found what the machine knew of it, or null
   */
  void ended(
      Domain domain,
      Machine machine,
      BlockJob job,
      JsonNode found,
      ConnectDomainEventBlockJobStatus outcome,
      String error)
      throws LibvirtException {
    BackupJob backup = machine.jobs().backup();
    if (backup == null) {
      return;
    }
    boolean cancelled = outcome == ConnectDomainEventBlockJobStatus.CANCELED;
    if (found != null) {
      backup.ended(found, cancelled, cancelled && error == null ? "Operation canceled" : error);
    }
    for (BackupDisk disk : backup.document().disks()) {
      if (disk.name().equals(job.task().disk()) && disk.isIncluded()) {
        release(domain, machine, backup, disk);
      }
    }
    boolean left = backup.isSpoiled() ? cancelAll(machine) : isRunning(machine);
    if (!left) {
      finish(domain, machine, backup, backup.outcome());
    }
  }

  private static boolean isRunning(Machine machine) {
    return machine.jobs().all().stream().anyMatch(job -> job.kind() == BlockJob.Kind.BACKUP);
  }

  /** Lets go of what the machine had open for a disk. */
  private static void release(Domain domain, Machine machine, BackupJob backup, BackupDisk disk) {
    if (backup.document().pull()) {
      quietly(machine, "nbd-server-stop");
    }
    DiskNodes.close(machine, image(disk));
    Disk own = domain.facts().document().disk(disk.name()).orElse(null);
    if (disk.since() != null && !backup.document().pull() && own != null) {
      try {
        BlockBitmaps.transaction(
            machine,
            List.of(
                BlockBitmaps.remove(
                    DiskNodes.of(DiskChain.of(own).images().getFirst()), bitmap(disk))));
      } catch (LibvirtException e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "no bitmap of a backup: " + e.getMessage());
      }
    }
    if (backup.document().pull() && !backup.isReused()) {
      remove(disk);
    }
  }

  private static void remove(BackupDisk disk) {
    try {
      if (disk.store().type().equals("file")) {
        Files.deleteIfExists(Path.of(disk.store().path()));
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, disk.store().path() + " is not removed: " + e);
    }
  }

  /** Stops what serves a backup, where something does. */
  static void quietly(Machine machine, String command) {
    try {
      machine.execute(command);
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.DEBUG, () -> command + ": " + e.getMessage());
    }
  }

  private void finish(Domain domain, Machine machine, BackupJob backup, DomainJobType outcome) {
    machine.jobs().setBackup(null);
    BackupJob.Figures figures = backup.figures(outcome, List.of());
    domain.setCompleted(figures);
    life.writeStatus(domain);
    backup.end();
    events.jobCompleted(domain, figures.params());
  }

  /** The machine is gone, and its backup with it. */
  void lost(Domain domain, Machine machine) {
    BackupJob backup = machine.jobs().backup();
    if (backup == null) {
      return;
    }
    machine.jobs().setBackup(null);
    for (BackupDisk disk : backup.document().disks()) {
      if (disk.isIncluded() && backup.document().pull() && !backup.isReused()) {
        remove(disk);
      }
    }
    BackupJob.Figures figures = backup.figures(DomainJobType.CANCELLED, List.of());
    domain.setCompleted(figures);
    backup.end();
    events.jobCompleted(domain, figures.params());
  }
}
