package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainJobOperation;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;

/** Machines that are put into a file, and taken out of it again. */
final class SavedMachines {
  private final DomainTable table;
  private final DomainFiles files;
  private final Lifecycle life;

  SavedMachines(DomainTable table, DomainFiles files, Lifecycle life) {
    this.table = table;
    this.files = files;
    this.life = life;
  }

  /**
   * Saves a machine and ends it; the caller holds the lock.
   *
   * @param document to go on with instead of the machine's own; null for that
   * @param paused how it goes on; empty for as it was
   */
  void save(Domain domain, Path file, DomainDocument document, Optional<Boolean> paused)
      throws LibvirtException {
    Machine machine = domain.running();
    if (document != null) {
      AbiCheck.check(domain.facts().live(), document);
    }
    if (!machine.jobs().all().isEmpty()) {
      throw Refusal.notNow("domain has active block job");
    }
    boolean wasRunning = domain.facts().state() == DomainState.RUNNING;
    SaveJob job = new SaveJob(machine, DomainJobOperation.SAVE);
    domain.setJob(job);
    try {
      life.suspend(domain, DomainPausedReason.SAVE.number());
      machine.execute("migrate", Machine.arguments().put("uri", "file:" + file));
      job.await();
      DomainDocument kept = document != null ? document : domain.facts().live();
      new SaveImage(kept, paused.orElse(!wasRunning)).write(file);
    } catch (LibvirtException | RuntimeException e) {
      delete(file);
      domain.setCompleted(job.figures());
      if (wasRunning && domain.machine() == machine) {
        life.resume(domain, DomainRunningReason.SAVE_CANCELED.number());
      }
      throw e;
    } finally {
      domain.setJob(null);
    }
    domain.setCompleted(job.figures());
    life.retire(
        domain,
        machine,
        DomainShutoffReason.SAVED.number(),
        DomainEventStoppedDetailType.SAVED.number());
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The error that led here is told; an unfinished file is refused by whoever reads it.
    }
  }

  /** Where the image of a managed save is put. */
  Path managed(Domain domain) throws LibvirtException {
    Path file = files.managedSave(domain.name());
    try {
      Files.createDirectories(file.getParent());
    } catch (IOException e) {
      throw Refusal.system("cannot make " + file.getParent() + ": " + e.getMessage(), e);
    }
    return file;
  }

  /** Goes on with a managed save, which is used up by that; the caller holds the lock. */
  void restoreManaged(Domain domain, Path image, boolean paused) throws LibvirtException {
    SaveImage saved = SaveImage.read(image);
    life.start(
        domain,
        new Lifecycle.Order(
            paused || saved.paused(), Optional.of(image), inactive(saved.document())));
    delete(image);
  }

  /**
   * Goes on with a saved machine.
   *
   * @param document to go on with instead of the file's own; null for that
   * @param paused how; empty for as it was saved
   */
  void restore(Path file, DomainDocument document, Optional<Boolean> paused)
      throws LibvirtException {
    SaveImage saved = SaveImage.read(file);
    if (document != null) {
      AbiCheck.check(saved.document(), document);
    }
    DomainDocument taken = inactive(document != null ? document : saved.document());
    UUID uuid = DefinitionProcedures.uuid(taken);
    table.requireFree(taken.name(), uuid);
    Domain known = table.get(uuid);
    Domain domain =
        known != null
            ? known
            : new Domain(
                uuid, new DomainFacts(null, taken, -1, DomainState.SHUTOFF, 0, false, false));
    domain.perform(
        "restore",
        () -> {
          if (domain.isActive()) {
            throw Refusal.notNow("domain is already active as '" + domain.name() + "'");
          }
          if (known == null) {
            table.add(domain, taken.name());
          }
          try {
            life.start(
                domain,
                new Lifecycle.Order(paused.orElse(saved.paused()), Optional.of(file), taken));
          } catch (LibvirtException | RuntimeException e) {
            if (!domain.facts().isPersistent()) {
              table.remove(domain);
            }
            throw e;
          }
        });
  }

  /** Without what the machine that was saved had of its host. */
  private static DomainDocument inactive(DomainDocument document) {
    DomainDocument copy = document.copy();
    copy.setId(java.util.OptionalInt.empty());
    return copy;
  }
}
