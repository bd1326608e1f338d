package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A kick ends KVM_RUN whatever the guest does, and none is lost, by each of the two ways. A lost
 * kick shows as a test that runs into its time limit.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KickTest {
  /** JMP to itself: the guest never leaves on its own. */
  private static final String SPINS = "eb fe";

  /** CLI; HLT; JMP back: the vCPU sleeps inside the kernel. */
  private static final String HALTS = "fa f4 eb fd";

  private static final int MANY = 10_000;

  /** Kicks of a guest that holds its processor, where each costs a turn of the host's scheduler. */
  private static final int MANY_SPINNING = Integer.getInteger("wardian.kvm.kicks", 1_000);

  private static final long WAIT_SECONDS = 300;

  static Stream<Arguments> methodsAndGuests() {
    return Stream.of(KickMethod.values())
        .flatMap(method ->
            Stream.of(Arguments.of(method, "spins", SPINS), Arguments.of(method, "halts", HALTS)));
  }

  /** Runs a task on a thread of its own. */
  private static <T> CompletableFuture<T> onThread(Callable<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            result.complete(task.call());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static <T> T result(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  /** Long enough for another thread to have entered the guest; nothing depends on that it has. */
  private static void letItRun() {
    LockSupport.parkNanos(2_000_000);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("methodsAndGuests")
  void aKickEndsTheRunInProgress(KickMethod method, String name, String code) throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, code)) {
      for (int i = 0; i < 20; i++) {
        CompletableFuture<Integer> run = onThread(guest.cpu::run);
        letItRun();
        assertThat(run.isDone()).as("the %s guest runs on", name).isFalse();
        guest.cpu.kick();
        assertThat(result(run)).isEqualTo(KvmCpu.KICKED);
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("methodsAndGuests")
  void aKickBeforeTheRunEndsIt(KickMethod method, String name, String code) {
    try (TinyGuest guest = TinyGuest.withChips(method, code)) {
      for (int i = 0; i < 100; i++) {
        guest.cpu.kick();
        assertThat(guest.cpu.run()).as("run %d, guest %s", i, name).isEqualTo(KvmCpu.KICKED);
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("methodsAndGuests")
  void noKickOfManyIsLost(KickMethod method, String name, String code) throws Exception {
    int many = code.equals(SPINS) ? MANY_SPINNING : MANY;
    try (TinyGuest guest = TinyGuest.withChips(method, code)) {
      AtomicInteger returned = new AtomicInteger();
      CompletableFuture<Integer> runner =
          onThread(() -> {
            while (returned.get() < many) {
              assertThat(guest.cpu.run()).isEqualTo(KvmCpu.KICKED);
              returned.incrementAndGet();
            }
            return returned.get();
          });
      // Each kick waits for a return after it: whether it found the guest inside, at the door, or
      // outside, some run must end.
      int seen = 0;
      while (seen < many && !runner.isDone()) {
        guest.cpu.kick();
        int now;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        do {
          Thread.yield();
          now = returned.get();
        } while (now == seen && System.nanoTime() < deadline);
        assertThat(now).as("%s guest: a return after kick %d", name, seen).isGreaterThan(seen);
        seen = now;
        if ((seen & 15) == 0) {
          // Vary where in its run the guest is met.
          LockSupport.parkNanos(20_000);
        }
      }
      assertThat(result(runner)).isGreaterThanOrEqualTo(many);
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void kicksDoNotDisturbThePortsThatTheGuestWrites(KickMethod method) throws Exception {
    // xor ax,ax; out 80h,al; inc al; jmp to the out
    try (TinyGuest guest = TinyGuest.withChips(method, "31 c0 e6 80 fe c0 eb fa")) {
      AtomicInteger kicks = new AtomicInteger();
      CompletableFuture<Void> done = new CompletableFuture<>();
      CompletableFuture<Integer> kicker =
          onThread(() -> {
            while (!done.isDone()) {
              guest.cpu.kick();
              kicks.incrementAndGet();
              LockSupport.parkNanos(30_000);
            }
            return kicks.get();
          });
      for (int i = 0; i < 5_000; i++) {
        assertThat(guest.out()).as("write %d", i).isEqualTo(0x80 << 8 | i & 0xff);
      }
      done.complete(null);
      assertThat(result(kicker)).isPositive();
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("methodsAndGuests")
  void everyThreadThatRunsTheVcpuCanBeKicked(KickMethod method, String name, String code)
      throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, code)) {
      guest.cpu.kick();
      assertThat(guest.cpu.run()).as("here, guest %s", name).isEqualTo(KvmCpu.KICKED);
      for (int i = 0; i < 5; i++) {
        // The thread before has ended; its number may be given to this one.
        CompletableFuture<Integer> run = onThread(guest.cpu::run);
        letItRun();
        guest.cpu.kick();
        assertThat(result(run)).isEqualTo(KvmCpu.KICKED);
      }
      guest.cpu.kick();
      assertThat(guest.cpu.run()).as("here again").isEqualTo(KvmCpu.KICKED);
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("methodsAndGuests")
  void closingEndsTheRunInProgressAndRefusesTheNext(KickMethod method, String name, String code)
      throws Exception {
    for (int i = 0; i < 5; i++) {
      try (TinyGuest guest = TinyGuest.withChips(method, code)) {
        CompletableFuture<Integer> loop =
            onThread(() -> {
              while (true) {
                assertThat(guest.cpu.run()).isEqualTo(KvmCpu.KICKED);
                // A loop looks at the page whenever it likes.
                assertThat(guest.page().get(JAVA_INT, RunPage.EXIT_REASON)).isNotNegative();
              }
            });
        letItRun();
        guest.cpu.close();
        assertThatThrownBy(() -> result(loop))
            .as("guest %s", name)
            .hasCauseInstanceOf(IllegalStateException.class)
            .hasMessageContaining("vCPU 0");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void theCollectorDoesNotWaitForTheGuest(KickMethod method) throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, SPINS)) {
      CompletableFuture<Integer> run = onThread(guest.cpu::run);
      letItRun();
      result(
          onThread(() -> {
            System.gc();
            return 0;
          }));
      guest.cpu.kick();
      assertThat(result(run)).isEqualTo(KvmCpu.KICKED);
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void twoThreadsDoNotRunOneVcpu(KickMethod method) throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, SPINS)) {
      AtomicInteger begun = new AtomicInteger();
      CompletableFuture<Integer> run =
          onThread(() -> {
            begun.set(1);
            return guest.cpu.run();
          });
      while (begun.get() == 0) {
        Thread.onSpinWait();
      }
      letItRun();
      assertThatThrownBy(guest.cpu::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another thread runs vCPU 0");
      guest.cpu.kick();
      assertThat(result(run)).isEqualTo(KvmCpu.KICKED);
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void aVirtualThreadIsRefused(KickMethod method) throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, HALTS)) {
      CompletableFuture<Integer> run = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              run.complete(guest.cpu.run());
            } catch (IllegalStateException e) {
              run.completeExceptionally(e);
            }
          });
      assertThatThrownBy(() -> result(run)).hasMessageContaining("platform thread");
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void everyVcpuOfAMachineIsKickedAlone(KickMethod method) throws Exception {
    try (TinyGuest guest = TinyGuest.withChips(method, SPINS)) {
      // An application processor waits in the kernel for its start-up interrupt.
      KvmCpu second = guest.vm.createCpu(1, method);
      CompletableFuture<Integer> first = onThread(guest.cpu::run);
      CompletableFuture<Integer> waiting = onThread(second::run);
      letItRun();
      second.kick();
      assertThat(result(waiting)).isEqualTo(KvmCpu.KICKED);
      assertThat(first.isDone()).isFalse();
      guest.cpu.kick();
      assertThat(result(first)).isEqualTo(KvmCpu.KICKED);
    }
  }

  @ParameterizedTest
  @EnumSource(KickMethod.class)
  void everythingThatWasOpenedIsClosed(KickMethod method) throws IOException {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "no /proc");
    try (TinyGuest first = TinyGuest.withChips(method, HALTS)) {
      first.cpu.kick();
      first.cpu.run();
    }
    long before = kernelObjects();
    for (int i = 0; i < 5; i++) {
      try (TinyGuest guest = TinyGuest.withChips(method, HALTS)) {
        guest.cpu.kick();
        guest.cpu.run();
        assertThat(kernelObjects()).isGreaterThan(before);
      }
    }
    assertThat(kernelObjects()).isEqualTo(before);
  }

  /** Open files and mappings of KVM, io_uring and eventfd. */
  private static long kernelObjects() throws IOException {
    long objects = 0;
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : files.toList()) {
        try {
          String target = Files.readSymbolicLink(file).toString();
          objects += target.matches(".*(kvm|io_uring|eventfd).*") ? 1 : 0;
        } catch (IOException closedMeanwhile) {
          // The listing's own descriptor.
        }
      }
    }
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      objects += maps.filter(line -> line.matches(".*(kvm|io_uring).*")).count();
    }
    return objects;
  }

  @Test
  void theMethodIsNamedForTheUser() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assertThat(guest.cpu.kickMethod()).containsAnyOf("io_uring", "signal");
      assertThat(guest.get(CpuStructure.REGISTERS).get(JAVA_LONG, Registers.RIP))
          .isEqualTo(TinyGuest.CODE);
    }
  }
}
