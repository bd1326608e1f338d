package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.state.StateFile;
import org.wardian.x86.CpuModel;

/**
 * Sleep with memory kept: the guest of sleeping.S asks for it by ACPI's registers, and goes on in
 * real mode at its waking vector.
 */
@OnEachAccelerator.Suite
class SleepTest {
  @TempDir private Path folder;

  /** A machine with that guest, what it said, and what the machine told. */
  private static final class SleepingGuest implements AutoCloseable {
    private final Machine machine;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final StringBuilder line = new StringBuilder();

    SleepingGuest(Accelerator accelerator, String... devices) throws Exception {
      accelerator.require();
      try (InputStream kernel =
          SleepTest.class.getResourceAsStream("/org/wardian/conformance/state/sleeping.img")) {
        machine =
            new Machine(
                accelerator.of(
                    new MachineConfiguration(
                        kernel.readAllBytes(),
                        Path.of("sleeping.img"),
                        Optional.empty(),
                        "",
                        8 << 20,
                        2,
                        CpuModel.named("x86-64-v1"),
                        Set.of(devices),
                        false)),
                this::transmit);
      }
      machine.onSleep(() -> told.add("asleep"), () -> told.add("awake"));
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              outcome.complete(machine.run());
            } catch (Throwable e) { // the test's thread rethrows it
              outcome.completeExceptionally(e);
            }
          });
    }

    private void transmit(byte value) {
      if (value != '\n') {
        line.append((char) value);
        return;
      }
      told.add(line.toString());
      line.setLength(0);
    }

    /** What is said or told next has to be this. */
    SleepingGuest then(String... wanted) throws Exception {
      for (String one : wanted) {
        assertThat(told.poll(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(one);
      }
      return this;
    }

    SleepingGuest wake() {
      assertThat(machine.asleep()).isTrue();
      assertThat(machine.wake()).isTrue();
      return this;
    }

    void ends(Outcome.Cause cause) throws Exception {
      assertThat(outcome.get(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS).cause()).isEqualTo(cause);
    }

    @Override
    public void close() {
      machine.stop();
      outcome.handle((end, failure) -> end).join();
      machine.close();
    }
  }

  @OnEachAccelerator
  void itGoesOnAtItsWakingVector(Accelerator accelerator) throws Exception {
    try (SleepingGuest guest = new SleepingGuest(accelerator)) {
      guest.then("s", "asleep").wake().then("awake", "w1", "asleep");
      guest.wake().then("awake", "w2", "asleep");
      guest.wake().then("awake", "w3");
      guest.ends(Outcome.Cause.POWERED_OFF);
      assertThat(guest.machine.wake()).isFalse();
    }
  }

  @OnEachAccelerator
  void whatIsDoneToAMachineIsDoneWhileItSleeps(Accelerator accelerator) throws Exception {
    try (SleepingGuest guest = new SleepingGuest(accelerator)) {
      guest.then("s", "asleep");
      assertThat(guest.machine.pause()).isTrue();
      try (StateFile state = StateFile.create(folder.resolve("saved"))) {
        assertThatIllegalStateException()
            .isThrownBy(() -> guest.machine.save(state))
            .withMessageContaining("wake it up");
      }
      guest.machine.resume();
      assertThat(guest.machine.asleep()).isTrue();
      assertThat(guest.machine.pause()).isTrue();
      // It wakes when it may.
      guest.wake();
      guest.machine.resume();
      guest.then("awake", "w1", "asleep");
      guest.machine.reset();
      guest.ends(Outcome.Cause.RESET);
    }
  }

  @OnEachAccelerator
  void aMachineThatSleepsCanBeStopped(Accelerator accelerator) throws Exception {
    try (SleepingGuest guest = new SleepingGuest(accelerator)) {
      guest.then("s", "asleep");
      guest.machine.stop();
      guest.ends(Outcome.Cause.STOPPED);
    }
  }
}
