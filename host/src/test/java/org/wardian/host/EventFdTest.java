package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class EventFdTest {
  @BeforeEach
  void onLinux() {
    assumeTrue(Libc.LINUX, "eventfd needs Linux");
  }

  @Test
  void signalsAreCountedUntilTheyAreTaken() {
    try (EventFd event = new EventFd()) {
      assertThat(event.poll()).isZero();
      event.signal();
      event.signal();
      assertThat(event.poll()).isEqualTo(2);
      assertThat(event.poll()).isZero();
      event.signal();
      assertThat(event.await()).isEqualTo(1);
    }
  }

  @Test
  void aWaitEndsWithItsTimeOrWithASignal() {
    try (EventFd event = new EventFd()) {
      assertThat(event.await(1)).isFalse();
      assertThat(event.await(0)).isFalse();
      event.signal();
      assertThat(event.await(120_000)).isTrue();
      assertThat(event.poll()).isZero();
    }
  }

  @Test
  void aSignalWakesAWaitingThread()
      throws InterruptedException, ExecutionException, TimeoutException {
    try (EventFd event = new EventFd()) {
      CompletableFuture<Long> waiter = CompletableFuture.supplyAsync(event::await);
      LockSupport.parkNanos(2_000_000);
      event.signal();
      assertThat(waiter.get(120, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }

  @Test
  void closingWakesEveryWaitingThread() {
    EventFd event = new EventFd();
    var waiters =
        Stream.generate(
                () -> {
                  CompletableFuture<Long> result = new CompletableFuture<>();
                  Thread.ofPlatform()
                      .daemon()
                      .start(() -> {
                        try {
                          result.complete(event.await());
                        } catch (IllegalStateException e) {
                          result.completeExceptionally(e);
                        }
                      });
                  return result;
                })
            .limit(3)
            .toList();
    LockSupport.parkNanos(5_000_000);
    event.close();
    for (CompletableFuture<Long> waiter : waiters) {
      assertThatThrownBy(() -> waiter.get(120, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the event file is closed");
    }
  }

  @Test
  void nothingWorksAfterClose() {
    // The kernel gives the lowest number that is free: another thread of the JVM may get it first.
    boolean same = false;
    while (!same) {
      EventFd event = new EventFd();
      int number = event.fd();
      event.close();
      event.close();
      try (EventFd next = new EventFd()) {
        same = next.fd() == number;
        assertNothingWorks(event, next);
      }
    }
  }

  private static void assertNothingWorks(EventFd event, EventFd next) {
    assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(event::poll).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(event::fd).isInstanceOf(IllegalStateException.class);
    assertThat(next.poll()).as("no signal meant for the closed one").isZero();
  }
}
