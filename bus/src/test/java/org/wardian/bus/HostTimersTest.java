package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** No assertion depends on how fast the host is; the timeouts only end a test that hangs. */
class HostTimersTest {
  private static final long MILLISECOND = 1_000_000;

  private final HostTimers timers = new HostTimers();
  private final LinkedBlockingQueue<String> fired = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    timers.close();
  }

  private Timer timer(String name) {
    return timers.timer(name, () -> fired.add(name));
  }

  private String nextFired() throws InterruptedException {
    return fired.poll(120, TimeUnit.SECONDS);
  }

  @Test
  void timersFireInOrderOfTheirDeadlines() throws InterruptedException {
    timers.pause();
    long now = timers.nanoseconds();
    timer("third").arm(now + 3 * MILLISECOND);
    timer("first").arm(now + 1 * MILLISECOND);
    timer("second").arm(now + 2 * MILLISECOND);
    timers.resume();
    assertThat(nextFired()).isEqualTo("first");
    assertThat(nextFired()).isEqualTo("second");
    assertThat(nextFired()).isEqualTo("third");
  }

  @Test
  void aTimerNeverFiresBeforeItsDeadline() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    long[] when = new long[1];
    long deadline = timers.nanoseconds() + 5 * MILLISECOND;
    timers
        .timer(
            "t",
            () -> {
              when[0] = timers.nanoseconds();
              done.countDown();
            })
        .arm(deadline);
    assertThat(done.await(120, TimeUnit.SECONDS)).isTrue();
    assertThat(when[0]).isGreaterThanOrEqualTo(deadline);
  }

  @Test
  void anEarlierDeadlineOvertakesALaterOne() throws InterruptedException {
    Timer far = timer("far");
    far.arm(timers.nanoseconds() + 3_600_000 * MILLISECOND);
    timer("near").arm(timers.nanoseconds());
    assertThat(nextFired()).isEqualTo("near");
    assertThat(far.armed()).isTrue();
    far.arm(timers.nanoseconds());
    assertThat(nextFired()).isEqualTo("far");
    assertThat(far.armed()).isFalse();
  }

  @Test
  void cancelledTimersDoNotFire() throws InterruptedException {
    timers.pause();
    Timer cancelled = timer("cancelled");
    cancelled.arm(timers.nanoseconds());
    cancelled.cancel();
    timer("other").arm(timers.nanoseconds());
    timers.resume();
    assertThat(nextFired()).isEqualTo("other");
    assertThat(fired).isEmpty();
  }

  @Test
  void pausedTimeStandsStill() {
    timers.pause();
    long paused = timers.nanoseconds();
    timers.pause();
    assertThat(timers.nanoseconds()).isEqualTo(paused);
    timers.resume();
    timers.resume();
    assertThat(timers.nanoseconds()).isGreaterThanOrEqualTo(paused);
  }

  @Test
  void aCallbackThatThrowsDoesNotStopTheOthers() throws InterruptedException {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    LinkedBlockingQueue<String> reported = new LinkedBlockingQueue<>();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> reported.add(e.getMessage()));
    try {
      timers
          .timer(
              "bad",
              () -> {
                throw new IllegalStateException("bad device");
              })
          .arm(0);
      assertThat(reported.poll(120, TimeUnit.SECONDS)).isEqualTo("bad device");
      timer("good").arm(0);
      assertThat(nextFired()).isEqualTo("good");
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void closedTimersArmNoMore() {
    timers.close();
    Timer timer = timer("t");
    timer.arm(0);
    assertThat(timer.armed()).isFalse();
  }
}
