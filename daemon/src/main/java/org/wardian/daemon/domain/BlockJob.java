package org.wardian.daemon.domain;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.DomainBlockJobType;

/** A job of a machine that works on a disk. */
final class BlockJob {
  /** What it does. */
  enum Kind {
    /** Fetches what is in images beneath. */
    PULL(DomainBlockJobType.PULL),
    /** Makes a copy, and keeps it one. */
    COPY(DomainBlockJobType.COPY),
    /** Puts an image into one beneath it. */
    COMMIT(DomainBlockJobType.COMMIT),
    /** The same with the image that is written. */
    ACTIVE_COMMIT(DomainBlockJobType.ACTIVE_COMMIT),
    /** Keeps what the disk was at a moment. */
    BACKUP(DomainBlockJobType.BACKUP);

    private final DomainBlockJobType type;

    Kind(DomainBlockJobType type) {
      this.type = type;
    }

    /** As clients are told. */
    DomainBlockJobType type() {
      return type;
    }
  }

  /** How far it is. */
  enum State {
    /** It works. */
    RUNNING,
    /** The disk can be moved to the copy. */
    READY,
    /** It was told to end without a result. */
    ABORTING,
    /** It was told to move the disk. */
    PIVOTING,
    /** It was told to make its result count. */
    FINISHING
  }

  /**
   * What it is about.
   *
   * @param name by which the machine knows it
   * @param disk the disk's target
   * @param top number of the image that is put into another; 0 for none
   * @param base number of the image that stays; 0 for none
   * @param delete whether the files of images that are done with are removed
   */
  record Task(Kind kind, String name, String disk, int top, int base, boolean delete) {}

  private final Task task;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition told = lock.newCondition();
  private volatile State state;
  private volatile boolean awaited;
  private int news;

  BlockJob(Task task) {
    this(task, State.RUNNING);
  }

  private BlockJob(Task task, State state) {
    this.task = task;
    this.state = state;
  }

  Task task() {
    return task;
  }

  String name() {
    return task.name();
  }

  Kind kind() {
    return task.kind();
  }

  State state() {
    return state;
  }

  void setState(State value) {
    state = value;
  }

  /** Whether it was told to end, one way or the other. */
  boolean isEnding() {
    return state != State.RUNNING && state != State.READY;
  }

  /** Whether a client waits for its end, and does what follows from it. */
  boolean isAwaited() {
    return awaited;
  }

  void setAwaited(boolean value) {
    awaited = value;
  }

  /** The machine has told something about it. */
  void tell() {
    lock.lock();
    try {
      news++;
      told.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the machine tells something, at most for a time. */
  void await(long milliseconds) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(milliseconds);
      while (news == 0 && left > 0) {
        left = told.awaitNanos(left);
      }
      news = 0;
    } finally {
      lock.unlock();
    }
  }

  /** What the next daemon has to know. */
  XmlElement tree() {
    return new XmlElement("blockjob")
        .set("name", task.name())
        .set("type", task.kind().name().toLowerCase(Locale.ROOT))
        .set("state", state.name().toLowerCase(Locale.ROOT))
        .set("disk", task.disk())
        .set("top", task.top())
        .set("base", task.base())
        .set("delete", task.delete() ? "yes" : "no");
  }

  /**
   * From {@link #tree}.
   *
   * @throws IllegalArgumentException where it is none
   */
  static BlockJob of(XmlElement element) {
    Map<String, String> has = element.attributes();
    return new BlockJob(
        new Task(
            Kind.valueOf(has.getOrDefault("type", "").toUpperCase(Locale.ROOT)),
            has.getOrDefault("name", ""),
            has.getOrDefault("disk", ""),
            Integer.parseInt(has.getOrDefault("top", "")),
            Integer.parseInt(has.getOrDefault("base", "")),
            has.getOrDefault("delete", "").equals("yes")),
        State.valueOf(has.getOrDefault("state", "").toUpperCase(Locale.ROOT)));
  }
}
