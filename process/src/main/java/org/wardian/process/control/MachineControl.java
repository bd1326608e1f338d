package org.wardian.process.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.wardian.machine.Machine;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.process.domain.Drive;
import org.wardian.process.domain.MachineParts;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpEvent;
import org.wardian.qmp.QmpException;

/**
 * A machine that clients start, stop and end. Commands of all clients that change its state are
 * done one after the other; queries do not wait for them.
 */
public final class MachineControl {
  private final Machine machine;
  private final MachineParts parts;
  private final String accelerator;
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Held by who changes the state, perhaps for as long as a save takes. */
  private final Object changing = new Object();

  private final JobTable jobs = new JobTable(this);
  private final ExportTable exports = new ExportTable(this);

  private volatile Consumer<QmpEvent> events = event -> {};
  private volatile RunState state;
  private volatile boolean quitting;
  private volatile boolean resetByClient;

  /**
   * A machine that was not started.
   *
   * @param accelerator who executes it
   * @param saved whether it is a saved one that goes on
   */
  public MachineControl(
      Machine machine, MachineParts parts, AcceleratorKind accelerator, boolean saved) {
    this.machine = machine;
    this.parts = parts;
    this.accelerator = accelerator.toString();
    this.state = saved ? RunState.PAUSED : RunState.PRELAUNCH;
    machine.onReset(this::wasReset);
    machine.onSleep(this::fellAsleep, this::awoke);
    parts.onPort((alias, open) ->
        send("VSERPORT_CHANGE", Arguments.none().put("open", open).put("id", alias)));
  }

  /** The machine. */
  Machine machine() {
    return machine;
  }

  /** Who executes it: {@code kvm} or {@code software}. */
  String accelerator() {
    return accelerator;
  }

  /** What it is made of. */
  MachineParts parts() {
    return parts;
  }

  /** What copies and merges disks. */
  JobTable jobs() {
    return jobs;
  }

  /** What is shown to NBD clients. */
  ExportTable exports() {
    return exports;
  }

  /** Has events sent. */
  public void onEvent(Consumer<QmpEvent> taker) {
    events = taker;
  }

  /** Tells all clients. */
  void send(String event, ObjectNode data) {
    events.accept(QmpEvent.now(event, data));
  }

  /** What the machine does. */
  public RunState state() {
    return state;
  }

  /** What a change of the state is done under. */
  Object changing() {
    return changing;
  }

  void setState(RunState next) {
    state = next;
  }

  /**
   * Runs the machine on this thread once it is started, and returns when a client, or the host,
   * wants the process to end. A guest that has come to its end leaves its machine there to be
   * looked at.
   */
  public void run() {
    try {
      started.await();
      if (!quitting) {
        finished(machine.run());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (org.wardian.boot.BootException | RuntimeException e) {
      System.getLogger(MachineControl.class.getName())
          .log(System.Logger.Level.ERROR, "the machine cannot go on: " + e.getMessage(), e);
      over(RunState.INTERNAL_ERROR);
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Images are closed next.
    exports.stop();
    jobs.abandon(null);
  }

  private void finished(Outcome outcome) {
    switch (outcome.cause()) {
      case POWERED_OFF, EXITED -> shutdown("guest-shutdown");
      case RESET -> shutdown("guest-reset");
      case STOPPED -> {
        // Whoever stopped it has told.
      }
      case PANIC -> panicked();
      case TRIPLE_FAULT, HALTED -> {
        // A guest without a way on; libvirt calls that a crash.
        System.getLogger(MachineControl.class.getName())
            .log(
                System.Logger.Level.WARNING,
                "the guest is dead: {0}\n{1}",
                outcome.cause(),
                outcome.registers());
        panicked();
      }
      case FAILED -> {
        System.getLogger(MachineControl.class.getName())
            .log(System.Logger.Level.ERROR, outcome.registers());
        over(RunState.INTERNAL_ERROR);
      }
    }
  }

  private void shutdown(String reason) {
    // Whoever hears of it and asks is to find it so.
    state = RunState.SHUTDOWN;
    send("SHUTDOWN", Arguments.none().put("guest", true).put("reason", reason));
    over(RunState.SHUTDOWN);
  }

  private void panicked() {
    state = RunState.GUEST_PANICKED;
    send("GUEST_PANICKED", Arguments.none().put("action", "pause"));
    over(RunState.GUEST_PANICKED);
  }

  private void over(RunState end) {
    state = end;
    send("STOP", Arguments.none());
  }

  /** On the machine's thread: whoever changes the state may wait for it, so it takes no lock. */
  private void fellAsleep() {
    if (state == RunState.RUNNING) {
      state = RunState.SUSPENDED;
    }
    send("SUSPEND", Arguments.none());
  }

  private void awoke() {
    if (state == RunState.SUSPENDED) {
      state = RunState.RUNNING;
    }
    send("WAKEUP", Arguments.none());
  }

  private void wasReset() {
    if (state == RunState.SUSPENDED) {
      awoke();
    }
    send(
        "RESET",
        Arguments.none()
            .put("guest", !resetByClient)
            .put("reason", resetByClient ? "host-qmp-system-reset" : "guest-reset"));
    resetByClient = false;
  }

  /**
   * Starts the guest, or lets it go on.
   *
   * @throws QmpException where it is at its end
   */
  public void cont() throws QmpException {
    synchronized (changing) {
      if (started.getCount() > 0) {
        state = RunState.RUNNING;
        send("RESUME", Arguments.none());
        started.countDown();
        return;
      }
      switch (state) {
        case RUNNING, SUSPENDED -> {}
        case SHUTDOWN, GUEST_PANICKED, INTERNAL_ERROR ->
            throw new QmpException("Resetting the Virtual Machine is required");
        default -> {
          boolean retry = state == RunState.IO_ERROR;
          state = machine.asleep() ? RunState.SUSPENDED : RunState.RUNNING;
          send("RESUME", Arguments.none());
          machine.resume();
          if (retry) {
            parts.drives().values().forEach(drive -> drive.device().resume());
          }
        }
      }
    }
  }

  /**
   * Wakes a guest that sleeps.
   *
   * @throws QmpException where it does not
   */
  void wake() throws QmpException {
    if (!machine.wake()) {
      throw new QmpException("Unable to wake up: guest is not in suspended state");
    }
  }

  /** Stops the guest; nothing where it does not run. */
  public void stop() {
    synchronized (changing) {
      if (state.isLive() && pause()) {
        state = RunState.PAUSED;
        send("STOP", Arguments.none());
      }
    }
  }

  /**
   * Has the guest stand still; under {@link #changing}.
   *
   * @return false where it has come to its end
   */
  boolean pause() {
    try {
      return machine.pause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Has the guest stand still in a way that it can be kept, and one that was never started as well,
   * which executes nothing; under {@link #changing}.
   *
   * @return false where it has come to its end
   */
  boolean stand() {
    if (!isStarted()) {
      machine.pauseAtStart();
      started.countDown();
    } else if (!state.isLive()) {
      return !state.isOver();
    }
    return pause();
  }

  /**
   * Resets the machine.
   *
   * @throws QmpException where it is at its end
   */
  void reset() throws QmpException {
    if (state.isOver()) {
      throw new QmpException("the machine has ended; start it anew");
    }
    resetByClient = true;
    machine.reset();
  }

  private String nodeOf(String alias) {
    Drive drive = parts.drives().get(alias);
    return drive == null ? alias : drive.nodeName();
  }

  /** A disk's error stops the machine; called by a thread of the disk. */
  public void diskStopped(String alias, String cause) {
    Thread.ofVirtual()
        .name("io-error")
        .start(() -> {
          boolean noSpace = cause != null && cause.contains("room");
          ObjectNode data =
              Arguments.none()
                  .put("device", "drive-" + alias)
                  .put("node-name", nodeOf(alias))
                  .put("operation", "write")
                  .put("action", "stop")
                  .put("nospace", noSpace)
                  .put("reason", String.valueOf(cause));
          send("BLOCK_IO_ERROR", data);
          synchronized (changing) {
            if (state.isLive() && pause()) {
              state = RunState.IO_ERROR;
              send("STOP", Arguments.none());
            }
          }
        });
  }

  /**
   * Ends the machine and its process.
   *
   * @param reason {@code host-qmp-quit} or {@code host-signal}
   */
  public void quit(String reason) {
    boolean ran = !state.isOver();
    quitting = true;
    if (ran) {
      send("SHUTDOWN", Arguments.none().put("guest", false).put("reason", reason));
    }
    machine.stop();
    started.countDown();
    ended.countDown();
  }

  /** Does something while no vCPU runs; a guest that runs goes on afterwards. */
  void whilePaused(Runnable action) {
    synchronized (changing) {
      boolean ran = state.isLive() && isStarted() && pause();
      try {
        action.run();
      } finally {
        if (ran) {
          machine.resume();
        }
      }
    }
  }

  /** Whether the guest has run. */
  boolean isStarted() {
    return started.getCount() == 0;
  }
}
