package org.wardian.libvirt.rpc;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.wardian.libvirt.wire.keepalive.KeepaliveProgram;

/**
 * Finds out whether the peer is still there: after a while without any message it is asked, and
 * after several questions without any message it is given up. One thread of the process counts for
 * all connections.
 */
final class Keepalive {
  private static final ScheduledThreadPoolExecutor CLOCK = clock();

  private final MessageConnection connection;
  private ScheduledFuture<?> ticking;
  private int allowed;
  private int unanswered;
  private boolean heard;
  private boolean paused;

  Keepalive(MessageConnection connection) {
    this.connection = connection;
  }

  private static ScheduledThreadPoolExecutor clock() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("libvirt-keepalive").factory());
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  /** Does something later, on a thread that must not wait. */
  static ScheduledFuture<?> later(Runnable task, Duration delay) {
    return CLOCK.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  static Frame message(int procedure) {
    return Frame.of(
        new Header(
            KeepaliveProgram.NUMBER,
            KeepaliveProgram.PROGRAM.version(),
            procedure,
            MessageType.EVENT.ordinal(),
            0,
            Header.OK));
  }

  /**
   * Begins to ask, or changes how.
   *
   * @param interval silence after which the peer is asked
   * @param count questions in a row that may stay without an answer
   */
  synchronized void start(Duration interval, int count) {
    stop();
    allowed = count;
    unanswered = 0;
    heard = true;
    long nanos = interval.toNanos();
    ticking = CLOCK.scheduleAtFixedRate(this::tick, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Asks no more. */
  synchronized void stop() {
    if (ticking != null) {
      ticking.cancel(false);
      ticking = null;
    }
  }

  /** While nothing is read from the peer, it is not to be blamed for silence. */
  synchronized void pause(boolean pausing) {
    paused = pausing;
    heard();
  }

  /** A message came. */
  synchronized void heard() {
    heard = true;
    unanswered = 0;
  }

  /** A silence of the interval's length has passed, or not. */
  void tick() {
    synchronized (this) {
      if (ticking == null) {
        return;
      }
      if (heard || paused) {
        heard = false;
        return;
      }
      if (unanswered < allowed && connection.offer(message(KeepaliveProgram.PING.number()))) {
        unanswered++;
        return;
      }
      stop();
    }
    connection.close(MessageConnection.Ending.KEEPALIVE, "it does not answer");
  }
}
