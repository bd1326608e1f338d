package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Puts overlays of a running machine into the images right beneath them, for all or for none: each
 * disk's last step is done when all disks are as far.
 */
final class OverlayMerge {
  /** How often it looks by itself. */
  private static final long LOOK_MILLISECONDS = 500;

  private final Lifecycle life;
  private final Domain domain;
  private final Machine machine;

  OverlayMerge(Lifecycle life, Domain domain) throws LibvirtException {
    this.life = life;
    this.domain = domain;
    machine = domain.running();
  }

  private DiskChain chain(String target) throws LibvirtException {
    return DiskChain.of(ChainLookup.disk(domain.facts().document(), target));
  }

  /**
   * Does it; the caller holds the lock.
   *
   * @throws LibvirtException where a job failed: a disk whose last step was done has its overlay no
   *     more, all others are as before
   */
  void run(List<SnapshotSubject.Merge> merges) throws LibvirtException {
    List<BlockJob> jobs = new ArrayList<>();
    try {
      for (SnapshotSubject.Merge merge : merges) {
        jobs.add(begin(merge));
      }
      for (BlockJob job : jobs) {
        awaitLastStep(job);
      }
      for (BlockJob job : jobs) {
        lastStep(job);
      }
    } catch (LibvirtException e) {
      for (BlockJob job : jobs) {
        giveUp(job, e);
      }
      throw e;
    } finally {
      jobs.forEach(job -> job.setAwaited(false));
    }
  }

  private BlockJob begin(SnapshotSubject.Merge merge) throws LibvirtException {
    Disk disk = ChainLookup.disk(domain.facts().document(), merge.disk());
    machine.jobs().requireNone(disk.target());
    DiskChain chain = DiskChain.of(disk);
    int top = chain.indexOf(merge.overlay(), 0);
    if (top < 0 || top + 1 >= chain.images().size()) {
      throw Refusal.badArgument("could not find base disk source in disk source chain");
    }
    BlockCommits.Range range = new BlockCommits.Range(chain, top, top + 1);
    BlockJob job = range.job(disk, false);
    job.setAwaited(true);
    BlockCommits.begin(life, domain, range, job, 0, range.basePath());
    return job;
  }

  private void awaitLastStep(BlockJob job) throws LibvirtException {
    try {
      while (true) {
        JsonNode found = BlockJobs.look(machine, job);
        String status = found == null ? "concluded" : found.path("status").asText();
        switch (status) {
          case "pending" -> {
            return;
          }
          case "ready", "standby" -> {
            life.blockJobs().settle(domain, machine, job);
            return;
          }
          case "concluded", "null" -> {
            life.blockJobs().settle(domain, machine, job);
            throw failure(job, found == null ? "" : found.path("error").asText(""));
          }
          default -> job.await(LOOK_MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.internal("interrupted while a snapshot was deleted", e);
    }
  }

  private static LibvirtException failure(BlockJob job, String error) {
    return Refusal.failed(
        "block commit failed while deleting disk '%s' snapshot: '%s'"
            .formatted(job.task().disk(), error));
  }

  private void lastStep(BlockJob job) throws LibvirtException {
    if (job.kind() == BlockJob.Kind.ACTIVE_COMMIT) {
      life.blockJobs().end(domain, job, true, true);
    } else {
      life.blockJobs().await(domain, machine, job);
    }
    if (chain(job.task().disk()).indexOf(job.task().top()) >= 0) {
      throw Refusal.failed(
          "finishing block job failed while deleting disk '%s' snapshot: '%s'"
              .formatted(job.task().disk(), job.name()));
    }
  }

  private void giveUp(BlockJob job, LibvirtException cause) {
    if (machine.jobs().get(job.name()) != job || !machine.process().isAlive()) {
      return;
    }
    try {
      life.blockJobs().end(domain, job, false, true);
    } catch (LibvirtException e) {
      cause.addSuppressed(e);
    }
  }

  /** Ends the job of a disk, if there is one that another daemon has begun. */
  void endJob(String target) throws LibvirtException {
    BlockJob job = machine.jobs().of(target);
    if (job == null) {
      return;
    }
    if (job.isEnding()) {
      job.setAwaited(true);
      life.blockJobs().await(domain, machine, job);
    } else {
      life.blockJobs().end(domain, job, false, true);
    }
  }
}
