package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.backup.BackupDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.DomainJobOperation;
import org.wardian.libvirt.constants.DomainJobType;
import org.wardian.libvirt.wire.remote.DomainGetJobInfoRet;
import org.wardian.libvirt.wire.remote.TypedParam;

/** A backup of a running machine: a block job for each of its disks. */
final class BackupJob {
  private final BackupDocument document;
  private final boolean reused;
  private final long beganMilliseconds;
  private final CountDownLatch ended = new CountDownLatch(1);
  private long processed;
  private long total;
  private boolean failed;
  private boolean cancelled;
  private String error;

  /**
   * One that begins.
   *
   * @param document with all disks, and their images' numbers
   * @param reused whether the images were there before
   */
  BackupJob(BackupDocument document, boolean reused) {
    this(document, reused, System.currentTimeMillis());
  }

  private BackupJob(BackupDocument document, boolean reused, long beganMilliseconds) {
    this.document = document;
    this.reused = reused;
    this.beganMilliseconds = beganMilliseconds;
  }

  BackupDocument document() {
    return document;
  }

  boolean isReused() {
    return reused;
  }

  /** How one of its block jobs ended, with the bytes that it had done. */
  synchronized void ended(JsonNode job, boolean wasCancelled, String message) {
    processed += job.path("current-progress").asLong();
    total += job.path("total-progress").asLong();
    error = message != null && error == null ? message : error;
    cancelled |= wasCancelled;
    failed |= !wasCancelled && message != null;
  }

  /** Whether the block jobs that are left are of no use. */
  synchronized boolean isSpoiled() {
    return failed || cancelled;
  }

  /** How it ended as a whole; a backup that clients fetch is complete when they end it. */
  synchronized DomainJobType outcome() {
    if (failed) {
      return DomainJobType.FAILED;
    }
    return cancelled && !document.pull() ? DomainJobType.CANCELLED : DomainJobType.COMPLETED;
  }

  /**
   * How far it is.
   *
   * @param running progress of the block jobs that go on
   */
  synchronized Figures figures(DomainJobType type, Iterable<JsonNode> running) {
    long done = processed;
    long all = total;
    for (JsonNode job : running) {
      done += job.path("current-progress").asLong();
      all += job.path("total-progress").asLong();
    }
    return new Figures(
        type,
        Math.max(0, System.currentTimeMillis() - beganMilliseconds),
        document.pull(),
        done,
        all,
        error);
  }

  /** Tells those who wait that it has ended. */
  void end() {
    ended.countDown();
  }

  /** Waits for its end; false where it takes longer. */
  boolean await(long seconds) {
    try {
      return ended.await(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What the next daemon has to know. */
  XmlElement tree() {
    return new XmlElement("backup")
        .set("began", beganMilliseconds)
        .set("reused", reused ? "yes" : "no")
        .add(document.tree());
  }

  /**
   * From {@link #tree}.
   *
   * @throws IllegalArgumentException where it is none
   */
  static BackupJob of(XmlElement element) throws XmlException {
    Map<String, String> has = element.attributes();
    XmlElement backup = element.child("domainbackup");
    if (backup == null) {
      throw new IllegalArgumentException("there is no backup in it");
    }
    return new BackupJob(
        BackupDocument.of(backup),
        has.getOrDefault("reused", "").equals("yes"),
        Long.parseLong(has.getOrDefault("began", "")));
  }

  /**
   * How far a backup is, or how it ended.
   *
   * @param milliseconds since its begin
   * @param pull whether clients fetch it
   * @param done bytes that are copied; of one that is fetched, those that are kept meanwhile
   * @param total bytes in all
   * @param error what went wrong, or null
   */
  record Figures(
      DomainJobType type, long milliseconds, boolean pull, long done, long total, String error)
      implements JobFigures {
    @Override
    public DomainJobOperation operation() {
      return DomainJobOperation.BACKUP;
    }

    @Override
    public DomainGetJobInfoRet info() {
      long all = pull ? 0 : total;
      long copied = pull ? 0 : done;
      long left = all - copied;
      return new DomainGetJobInfoRet(
          type.number(), milliseconds, 0, all, copied, left, 0, 0, 0, all, copied, left);
    }

    @Override
    public List<TypedParam> params() {
      TypedParams params =
          new TypedParams()
              .int32("operation", operation().number())
              .uint64("time_elapsed", milliseconds);
      if (pull) {
        params.uint64("disk_temp_used", done).uint64("disk_temp_total", total);
      } else {
        params
            .uint64("disk_total", total)
            .uint64("disk_processed", done)
            .uint64("disk_remaining", total - done);
      }
      if (type != DomainJobType.UNBOUNDED) {
        params.bool("success", type == DomainJobType.COMPLETED);
        if (error != null) {
          params.text("errmsg", error);
        }
      }
      return params.list();
    }
  }
}
