package org.wardian.daemon.domain;

import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/**
 * A domain: what is known of it, for everybody and at once; and a lock for those who change it, one
 * after the other.
 */
final class Domain {
  /** How long a change waits for another one, as libvirt has it. */
  private static final long PATIENCE_SECONDS = 30;

  private final UUID uuid;
  private final AtomicReference<DomainFacts> facts;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final AtomicReference<Machine> machine = new AtomicReference<>();
  private volatile String changedBy = "nobody";
  private volatile SaveJob job;
  private volatile long migrationSpeed = MigrationProcedures.MOST_SPEED;
  private volatile JobFigures completed;

  Domain(UUID uuid, DomainFacts facts) {
    this.uuid = uuid;
    this.facts = new AtomicReference<>(facts);
  }

  /** What is done while nobody else changes the domain. */
  @FunctionalInterface
  interface Change<R> {
    R make() throws LibvirtException;
  }

  /** The same without a result. */
  @FunctionalInterface
  interface Deed {
    void make() throws LibvirtException;
  }

  /**
   * Changes the domain while nobody else does. Within a change of the same thread it is part of
   * that one.
   *
   * @param what a name for those who wait
   * @throws LibvirtException also with {@code OPERATION_TIMEOUT} when another change takes longer
   *     than half a minute
   */
  <R> R change(String what, Change<R> change) throws LibvirtException {
    boolean locked;
    try {
      locked = lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      locked = false;
    }
    if (!locked) {
      throw Refusal.qemu(
          ErrorNumber.OPERATION_TIMEOUT,
          "cannot acquire state change lock (held by monitor=" + changedBy + ")");
    }
    String before = changedBy;
    try {
      changedBy = what;
      return change.make();
    } finally {
      changedBy = before;
      lock.unlock();
    }
  }

  /** The same without a result. */
  void perform(String what, Deed deed) throws LibvirtException {
    change(
        what,
        () -> {
          deed.make();
          return null;
        });
  }

  /** Whether somebody is changing it. */
  boolean isBusy() {
    return lock.isLocked();
  }

  DomainFacts facts() {
    return facts.get();
  }

  /** Publishes what follows from what is known; what it was before. */
  DomainFacts update(UnaryOperator<DomainFacts> next) {
    return facts.getAndUpdate(next);
  }

  /**
   * Sets the state of a running machine.
   *
   * @return whether it was another one
   */
  boolean enter(DomainState state, int reason) {
    DomainFacts before = update(now -> now.isActive() ? now.in(state, reason) : now);
    return before.isActive() && before.state() != state;
  }

  UUID uuid() {
    return uuid;
  }

  String name() {
    return facts().document().name();
  }

  int id() {
    return facts().id();
  }

  boolean isActive() {
    return facts().isActive();
  }

  DomainRef ref() {
    DomainFacts now = facts();
    return new DomainRef(now.document().name(), uuid, now.id());
  }

  /** The document that the next start takes, or of a transient domain the one it runs with. */
  DomainDocument definition() {
    DomainFacts now = facts();
    return now.config() != null ? now.config() : now.live();
  }

  /** The running machine; null where there is none. */
  Machine machine() {
    return machine.get();
  }

  /**
   * The running machine.
   *
   * @throws LibvirtException where there is none
   */
  Machine running() throws LibvirtException {
    Machine now = machine.get();
    if (now == null || !isActive()) {
      throw Refusal.notRunning();
    }
    return now;
  }

  void attach(Machine started) {
    machine.set(started);
  }

  /** Takes the machine away; false where somebody else did. */
  boolean detach(Machine ended) {
    return machine.compareAndSet(ended, null);
  }

  /** What a migration may send, in MiB/s. */
  long migrationSpeed() {
    return migrationSpeed;
  }

  void setMigrationSpeed(long mebibytes) {
    migrationSpeed = mebibytes;
  }

  /** The long job that goes on; null where there is none. */
  SaveJob job() {
    return job;
  }

  void setJob(SaveJob value) {
    job = value;
  }

  /** The figures of the last long job; null where there was none, or they were asked for. */
  JobFigures completed() {
    return completed;
  }

  void setCompleted(JobFigures value) {
    completed = value;
  }

  @Override
  public String toString() {
    return name();
  }
}
