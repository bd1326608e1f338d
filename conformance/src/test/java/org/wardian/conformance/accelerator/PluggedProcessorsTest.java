package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFile;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/**
 * Processors that come into a running machine: the guest of plugging.S finds them by the registers
 * that ACPI's tables name, starts them by INIT and start-up messages, and tells which ones work.
 */
@OnEachAccelerator.Suite
class PluggedProcessorsTest {
  private static final int PROCESSORS = 3;
  private static final long MEMORY = 8 << 20;
  private static final int FIRST = 1;
  private static final int SECOND = 2;

  @TempDir private Path folder;

  /** A machine with that guest, and what it said last. */
  private static final class PluggingGuest implements AutoCloseable {
    private final Machine machine;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final StringBuilder line = new StringBuilder();
    private String said = "";
    private int lines;
    private boolean started;

    private PluggingGuest(Accelerator accelerator, Promise promise, Path saved) throws Exception {
      accelerator.require();
      if (saved == null) {
        machine = new Machine(configuration(accelerator, promise), this::transmit);
        return;
      }
      try (SavedState state = SavedState.open(saved)) {
        machine = Machine.restore(configuration(accelerator, promise), this::transmit, state);
      }
    }

    private static MachineConfiguration configuration(Accelerator accelerator, Promise promise)
        throws IOException {
      try (InputStream kernel =
          PluggingGuest.class.getResourceAsStream("/org/wardian/conformance/state/plugging.img")) {
        return accelerator
            .of(
                new MachineConfiguration(
                    kernel.readAllBytes(),
                    Path.of("plugging.img"),
                    Optional.empty(),
                    "",
                    MEMORY,
                    PROCESSORS,
                    promise.model(),
                    Set.of("hotplug"),
                    false))
            .withTimestampHz(promise.hertz())
            .withPresent(1);
      }
    }

    private synchronized void transmit(byte value) {
      if (value != '\n') {
        line.append((char) value);
        return;
      }
      said = line.toString();
      line.setLength(0);
      lines++;
      notifyAll();
    }

    PluggingGuest run() {
      started = true;
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              outcome.complete(machine.run());
            } catch (Throwable e) { // the test's thread rethrows it
              outcome.completeExceptionally(e);
            }
          });
      return this;
    }

    /** Waits until the guest says, in a line after the next one, that just these work. */
    synchronized void worked(int... processors) throws Exception {
      int bits = 0;
      for (int processor : processors) {
        bits |= 1 << processor;
      }
      String wanted = "%08x".formatted(bits);
      int from = lines + 2;
      long deadline = System.nanoTime() + Guest.LIMIT.toNanos();
      while (lines < from || !said.equals(wanted)) {
        if (outcome.isDone() || System.nanoTime() > deadline) {
          throw new AssertionError("the guest says " + said + ", not " + wanted + "; " + outcome);
        }
        wait(100);
      }
    }

    void plug(int processor) throws Exception {
      assertThat(machine.pause()).isTrue();
      machine.processors().plug(processor);
      machine.resume();
    }

    void unplug(int processor) throws Exception {
      assertThat(machine.pause()).isTrue();
      machine.processors().unplug(processor);
      machine.resume();
    }

    void save(Path file) throws Exception {
      try (StateFile state = StateFile.create(file)) {
        assertThat(machine.pause()).isTrue();
        machine.save(state);
        end();
        state.complete(List.of());
      }
    }

    void end() throws Exception {
      machine.stop();
      assertThat(outcome.get(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS).cause())
          .isEqualTo(Outcome.Cause.STOPPED);
    }

    @Override
    public void close() {
      machine.stop();
      if (started) {
        outcome.handle((end, failure) -> end).join();
      }
      machine.close();
    }
  }

  @OnEachAccelerator
  void theyAreStartedAndWork(Accelerator accelerator) throws Exception {
    try (PluggingGuest guest = new PluggingGuest(accelerator, Promise.ANY, null).run()) {
      guest.worked();
      guest.plug(SECOND);
      guest.worked(SECOND);
      guest.plug(FIRST);
      guest.worked(FIRST, SECOND);
      guest.end();
    }
  }

  static Stream<Arguments> pairs() {
    return Accelerator.pairs();
  }

  /**
   * What a machine promises its guest.
   *
   * @param hertz the rate of its counter; 0 where any will do
   */
  private record Promise(long hertz, CpuModel model) {
    static final Promise ANY = new Promise(0, CpuModel.named("x86-64-v1"));

    /** What KVM can keep where one of these is KVM: the rate of its counter, its features. */
    static Promise of(Accelerator one, Accelerator other) {
      if (!one.isKvm() && !other.isKvm()) {
        return ANY;
      }
      try (Platform platform = (one.isKvm() ? one : other).platform(MEMORY)) {
        Set<Feature> missing = EnumSet.copyOf(ANY.model.features());
        missing.removeAll(platform.features());
        return new Promise(platform.timestampHz(), ANY.model.without(missing));
      }
    }
  }

  @ParameterizedTest(name = "from {0} to {1}")
  @MethodSource("pairs")
  void theyWorkOnInARestoredMachineWhichTakesMore(Accelerator from, Accelerator to)
      throws Exception {
    Path saved = folder.resolve("saved");
    Promise promise = Promise.of(from, to);
    try (PluggingGuest guest = new PluggingGuest(from, promise, null).run()) {
      guest.plug(FIRST);
      guest.worked(FIRST);
      guest.save(saved);
    }
    try (PluggingGuest guest = new PluggingGuest(to, promise, saved)) {
      assertThat(guest.machine.processors().isPresent(FIRST)).isTrue();
      assertThat(guest.machine.processors().isPresent(SECOND)).isFalse();
      guest.run().worked(FIRST);
      guest.plug(SECOND);
      guest.worked(FIRST, SECOND);
      guest.end();
    }
  }

  @OnEachAccelerator
  void oneThatWasTakenOutStandsStillAndMayComeAgain(Accelerator accelerator) throws Exception {
    try (PluggingGuest guest = new PluggingGuest(accelerator, Promise.ANY, null).run()) {
      guest.plug(FIRST);
      guest.plug(SECOND);
      guest.worked(FIRST, SECOND);
      guest.unplug(FIRST);
      guest.worked(SECOND);
      guest.plug(FIRST);
      guest.worked(FIRST, SECOND);
      guest.end();
    }
  }
}
