package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualTimersTest {
  private final ManualTimers timers = new ManualTimers();
  private final List<String> fired = new ArrayList<>();

  private Timer timer(String name) {
    return timers.timer(name, () -> fired.add(name + "@" + timers.nanoseconds()));
  }

  @Test
  void timersFireInOrderEachAtItsDeadline() {
    timer("late").arm(30);
    timer("first").arm(10);
    timer("second").arm(10);
    timers.advance(29);
    assertThat(fired).containsExactly("first@10", "second@10");
    assertThat(timers.earliest()).isEqualTo(30);
    timers.advance(1);
    assertThat(fired).endsWith("late@30");
    assertThat(timers.earliest()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aTimerFiresOncePerArming() {
    Timer timer = timer("t");
    timer.arm(5);
    timer.arm(7);
    assertThat(timer.armed()).isTrue();
    timers.advance(100);
    assertThat(timer.armed()).isFalse();
    assertThat(fired).containsExactly("t@7");
  }

  @Test
  void aCancelledTimerDoesNotFire() {
    Timer timer = timer("t");
    timer.arm(5);
    timer.cancel();
    timers.advance(100);
    assertThat(fired).isEmpty();
  }

  @Test
  void overdueTimersFireWithoutTimePassing() {
    timers.advance(50);
    timer("t").arm(20);
    timers.advance(0);
    assertThat(fired).containsExactly("t@50");
  }

  @Test
  void aCallbackMayArmAgain() {
    Timer[] timer = new Timer[1];
    timer[0] =
        timers.timer(
            "periodic",
            () -> {
              fired.add("p@" + timers.nanoseconds());
              timer[0].arm(timers.nanoseconds() + 10);
            });
    timer[0].arm(10);
    timers.advance(35);
    assertThat(fired).containsExactly("p@10", "p@20", "p@30");
    assertThat(timers.nanoseconds()).isEqualTo(35);
  }

  @Test
  void timeDoesNotGoBack() {
    assertThatThrownBy(() -> timers.advance(-1)).isInstanceOf(IllegalArgumentException.class);
  }
}
