package org.wardian.process.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.ErrorClass;
import org.wardian.qmp.QmpException;
import org.wardian.storage.ImageNode;
import org.wardian.storage.job.Job;
import org.wardian.storage.job.JobListener;
import org.wardian.storage.job.JobStatus;

/** The jobs of a machine by name, and their events. One job at a time uses a disk. */
final class JobTable implements JobListener {
  /**
   * A job.
   *
   * @param drive that it works on
   * @param nodes that it uses besides
   */
  record Entry(Job job, Drive drive, List<ImageNode> nodes) {}

  private final MachineControl control;
  private final Map<String, Entry> jobs = new ConcurrentSkipListMap<>();

  JobTable(MachineControl control) {
    this.control = control;
  }

  /** All jobs, by name. */
  Collection<Entry> all() {
    return jobs.values();
  }

  /** A job by the name that {@code block-job-} commands have for it. */
  Job blockJob(String id) throws QmpException {
    Entry entry = jobs.get(id);
    if (entry == null) {
      throw new QmpException(ErrorClass.DEVICE_NOT_ACTIVE, "Block job '" + id + "' not found");
    }
    return entry.job();
  }

  /** A job by the name that {@code job-} commands have for it. */
  Job job(String id) throws QmpException {
    Entry entry = jobs.get(id);
    if (entry == null) {
      throw new QmpException("Job not found");
    }
    return entry.job();
  }

  /** Refuses a name that is none, or is taken. */
  void checkId(String id) throws QmpException {
    if (!id.matches("[A-Za-z][A-Za-z0-9._-]*")) {
      throw new QmpException("Invalid job ID '" + id + "'");
    }
    if (jobs.containsKey(id)) {
      throw new QmpException("Job ID '" + id + "' already in use");
    }
  }

  /** Refuses a disk that a job uses. */
  void checkFree(Drive drive) throws QmpException {
    for (Entry entry : jobs.values()) {
      if (entry.drive() == drive && !entry.job().status().over()) {
        throw new QmpException(
            "Node '"
                + drive.nodeName()
                + "' is busy: block device is in use by block job: "
                + entry.job().type());
      }
    }
  }

  /** Whether a job uses an image. */
  boolean uses(ImageNode node) {
    return jobs.values().stream()
        .anyMatch(entry -> !entry.job().status().over() && entry.nodes().contains(node));
  }

  /** The job whose target an image is; null where there is none. */
  Entry jobInto(ImageNode target) {
    return jobs.values().stream()
        .filter(entry -> !entry.job().status().over() && entry.nodes().contains(target))
        .findFirst()
        .orElse(null);
  }

  /** Adds a job before it starts. */
  void add(Job job, Drive drive, List<ImageNode> nodes) {
    jobs.put(job.id(), new Entry(job, drive, List.copyOf(nodes)));
  }

  /** Forgets a job that never started. */
  void forget(Job job) {
    jobs.remove(job.id());
  }

  /** Ends the jobs of a disk, or all where it is null, and waits for that. */
  void abandon(Drive drive) {
    for (Entry entry : new ArrayList<>(jobs.values())) {
      if (drive == null || entry.drive() == drive) {
        entry.job().abandon();
      }
    }
  }

  @Override
  public void status(Job job, JobStatus status) {
    control.send(
        "JOB_STATUS_CHANGE", Arguments.none().put("status", status.text()).put("id", job.id()));
    if (status == JobStatus.NULL) {
      jobs.remove(job.id());
    }
  }

  private static ObjectNode numbers(Job job) {
    return Arguments.none()
        .put("device", job.id())
        .put("len", job.length())
        .put("offset", job.offset())
        .put("speed", job.speed())
        .put("type", job.type());
  }

  @Override
  public void ready(Job job) {
    control.send("BLOCK_JOB_READY", numbers(job));
  }

  @Override
  public void pending(Job job) {
    control.send("BLOCK_JOB_PENDING", Arguments.none().put("type", job.type()).put("id", job.id()));
  }

  @Override
  public void completed(Job job) {
    ObjectNode data = numbers(job);
    if (job.error() != null) {
      data.put("error", job.error());
    }
    control.send("BLOCK_JOB_COMPLETED", data);
  }

  @Override
  public void cancelled(Job job) {
    control.send("BLOCK_JOB_CANCELLED", numbers(job));
  }

  @Override
  public void failed(Job job, boolean write, String action) {
    control.send(
        "BLOCK_JOB_ERROR",
        Arguments.none()
            .put("device", job.id())
            .put("operation", write ? "write" : "read")
            .put("action", action));
  }
}
