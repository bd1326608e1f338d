package org.wardian.host.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.host.EventFd;

/** The calls of hot paths allocate next to nothing once they are warm. */
class AllocationTest {
  private static final int WARM = 30_000;
  private static final int CALLS = 10_000;

  /** Bytes of a view of a segment, and a little for the counting itself. */
  private static final int VIEW = 41;

  private static void assertFree(String name, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assumeTrue(threads.isThreadAllocatedMemoryEnabled(), "this JVM does not count allocations");
    for (int i = 0; i < WARM; i++) {
      call.run();
    }
    long fewest = Long.MAX_VALUE;
    // The compiler works beside us, on a busy host slowly: one free round is the proof.
    for (int round = 0; round < 300 && fewest >= CALLS; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
    }
    // Nothing, most times. In some runs the compiler inlines otherwise and leaves one view of a
    // segment a call, 40 bytes; a buffer, a frame or a boxed argument beside it would be more.
    assertThat(fewest).as("bytes of %d calls of %s", CALLS, name).isLessThan(CALLS * VIEW);
  }

  @Test
  void interruptLine() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      assertFree("interruptLine", () -> guest.vm.interruptLine(5, false));
    }
  }

  @Test
  void signalMessage() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      assertFree("signalMessage", () -> guest.vm.signalMessage(0xfee0_0000L, 0x41));
    }
  }

  @Test
  void eventSignalAndPoll() {
    try (EventFd event = new EventFd()) {
      assertFree(
          "signal and poll",
          () -> {
            event.signal();
            event.poll();
          });
    }
  }

  @Test
  void runToAPortExit() {
    // out 80h,al; jmp back
    try (TinyGuest guest = TinyGuest.withChips("e6 80 eb fc")) {
      assertFree("run", guest.cpu::run);
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void kickedRun(KickMethod method) {
    try (TinyGuest guest = TinyGuest.withChips(method, "f4")) {
      assertFree(
          "kick and run by " + method,
          () -> {
            guest.cpu.kick();
            guest.cpu.run();
          });
    }
  }
}
