package org.wardian.storage.job;

import java.util.ArrayList;
import java.util.List;

/** Notes what becomes of a job. */
final class JobEvents implements JobListener {
  private final List<String> events = new ArrayList<>();

  private synchronized void add(String event) {
    events.add(event);
    notifyAll();
  }

  /** All so far. */
  synchronized List<String> list() {
    return List.copyOf(events);
  }

  /** Waits for one. */
  synchronized void await(String event) throws InterruptedException {
    while (!events.contains(event)) {
      if (events.contains("null")) {
        throw new AssertionError("no " + event + " in " + events);
      }
      wait();
    }
  }

  @Override
  public void status(Job job, JobStatus status) {
    add(status.text());
  }

  @Override
  public void ready(Job job) {
    add("READY");
  }

  @Override
  public void pending(Job job) {
    add("PENDING");
  }

  @Override
  public void completed(Job job) {
    add(job.error() == null ? "COMPLETED" : "FAILED " + job.error());
  }

  @Override
  public void cancelled(Job job) {
    add("CANCELLED");
  }

  @Override
  public void failed(Job job, boolean write, String action) {
    add("ERROR " + (write ? "write " : "read ") + action);
  }
}
