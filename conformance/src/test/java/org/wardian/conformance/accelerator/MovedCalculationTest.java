package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.processor.Exit;

/**
 * State saved on one accelerator and restored on another: a calculation that is stopped wherever it
 * may be, moved and gone on with ends as one that nobody disturbed.
 */
@OnEachAccelerator.Suite
@ExtendWith(KvmDeviations.Judge.class)
class MovedCalculationTest {
  private static final int TIMER_TICKS = 300_000;
  private static final int ROUNDS = Integer.getInteger("wardian.guest.rounds", 300_000);
  private static final int IMAGE_SIZE = 512;

  /** A calculation of state.S. */
  private enum Calculation {
    LONG("compute", GuestMode.LONG, true),
    PROTECTED("protected_compute", GuestMode.PROTECTED, true),
    PROTECTED_QUIET("protected_compute", GuestMode.PROTECTED, false),
    REAL("real_compute", GuestMode.REAL, true);

    final String entry;
    final GuestMode mode;
    final boolean timer;

    Calculation(String entry, GuestMode mode, boolean timer) {
      this.entry = entry;
      this.mode = mode;
      this.timer = timer;
    }

    /**
     * A number of rounds that takes a good while, but not too long, on every one of {@code where}:
     * a journey is as long, or a multiple of it.
     */
    int rounds(Collection<Accelerator> where) {
      // A KVM that interprets leaves user programs to the hardware.
      boolean slow = this != LONG && where.stream().anyMatch(Accelerator::interprets);
      return slow ? Math.min(12_000, ROUNDS) : ROUNDS;
    }
  }

  /** A whole result: what was calculated, the table, the stack of vectors and x87 registers. */
  private record Result(List<Long> sums, int table, int floats) {
    static Result of(Guest guest) {
      List<Long> sums = new ArrayList<>();
      for (int i = 0; i < 14; i++) {
        sums.add(guest.result(8 * i));
      }
      byte[] table = new byte[0x8000];
      guest.memory.read(GuestLayout.TABLE, table, 0, table.length);
      byte[] image = new byte[IMAGE_SIZE];
      guest.memory.read(GuestLayout.BUFFER + 0x200, image, 0, image.length);
      // Instruction and data pointers are kept by some processors only after exceptions.
      Arrays.fill(image, 6, 24, (byte) 0);
      Arrays.fill(image, 28, 32, (byte) 0);
      Arrays.fill(image, 416, 512, (byte) 0);
      return new Result(sums, Arrays.hashCode(table), Arrays.hashCode(image));
    }
  }

  private static final Map<String, Result> UNDISTURBED = new ConcurrentHashMap<>();

  /** The result without any stop. */
  private static Result undisturbed(Calculation calculation, int rounds, Accelerator accelerator) {
    return UNDISTURBED.computeIfAbsent(
        calculation + " " + rounds + " " + accelerator,
        key -> {
          try (Guest guest = begin(accelerator, calculation, rounds)) {
            guest.runToDone();
            return Result.of(guest);
          }
        });
  }

  private static Guest begin(Accelerator accelerator, Calculation calculation, int rounds) {
    Guest guest = Guest.on(accelerator, "state");
    byte[] noise = new byte[IMAGE_SIZE];
    new Random(5).nextBytes(noise);
    for (int r = 0; r < 8; r++) {
      Arrays.fill(noise, 42 + 16 * r, 48 + 16 * r, (byte) 0);
    }
    byte[] header = new byte[32];
    header[0] = 0x7f;
    header[1] = 0x03;
    header[4] = (byte) 0xff;
    header[24] = (byte) 0x80;
    header[25] = 0x1f;
    System.arraycopy(header, 0, noise, 0, header.length);
    guest.memory.write(GuestLayout.BUFFER, noise, 0, noise.length);
    guest.set("rounds", rounds);
    guest.set("period", calculation.timer ? TIMER_TICKS : 0);
    guest.enter(calculation.mode, calculation.entry);
    return guest;
  }

  /**
   * Runs until about {@code target} rounds are done. This thread kicks wherever the guest is; where
   * it is late, the next timer interrupt does.
   */
  private static void runTo(Guest guest, long target) {
    long progress = guest.at("progress");
    guest.onService(vector -> {
      if (guest.word(progress) >= target) {
        guest.vcpu.kick();
      }
    });
    Guest.Run run = guest.start();
    while (guest.word(progress) < target && !run.isOver()) {
      Thread.onSpinWait();
    }
    guest.vcpu.kick();
    guest.expect(run.await(), Exit.STOPPED);
    // Where both kicked, the second is left behind on a machine that does not run again.
    guest.onService(vector -> {});
  }

  /**
   * Moves a calculation along {@code route}, to a random point on each leg. How many rounds there
   * are is told to the guest after the last move, so that it is always stopped in the middle.
   */
  private static void travel(Calculation calculation, List<Accelerator> route, long seed) {
    route.forEach(Accelerator::require);
    Random random = new Random(seed);
    int unit = calculation.rounds(route);
    int legs = route.size() - 1;
    Guest guest = begin(route.get(0), calculation, Integer.MAX_VALUE);
    try {
      for (int leg = 0; leg < legs; leg++) {
        runTo(guest, (long) (unit * 0.9 * (leg + random.nextDouble()) / legs));
        guest = guest.moveTo(route.get(leg + 1));
      }
      long done = guest.word(guest.at("progress"));
      int rounds = (int) ((done + unit / 20) / unit + 1) * unit;
      guest.set("rounds", rounds);
      guest.runToDone();
      assertThat(guest.word(guest.at("progress"))).as("rounds").isEqualTo(rounds);
      Accelerator reference =
          route.contains(Accelerator.SOFTWARE) ? Accelerator.SOFTWARE : route.get(0);
      assertThat(Result.of(guest))
          .as("result")
          .isEqualTo(undisturbed(calculation, rounds, reference));
      if (calculation.timer) {
        assertThat(guest.vectors()).as("interrupts").isNotEmpty().containsOnly(0x70);
      } else {
        assertThat(guest.vectors()).as("interrupts").isEmpty();
      }
    } finally {
      guest.close();
    }
  }

  @OnEachAccelerator
  void theUndisturbedResultIsTheSameEverywhere(Accelerator accelerator) {
    accelerator.require();
    List<Accelerator> both = List.of(Accelerator.SOFTWARE, accelerator);
    for (Calculation calculation :
        new Calculation[] {Calculation.LONG, Calculation.PROTECTED_QUIET, Calculation.REAL}) {
      int rounds = calculation.rounds(both);
      assertThat(undisturbed(calculation, rounds, accelerator))
          .as("%s", calculation)
          .isEqualTo(undisturbed(calculation, rounds, Accelerator.SOFTWARE));
    }
  }

  @ParameterizedTest(name = "a calculation in long mode from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void longMode(Accelerator from, Accelerator to) {
    travel(Calculation.LONG, List.of(from, to), 1);
  }

  @ParameterizedTest(name = "a calculation in protected mode from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void protectedMode(Accelerator from, Accelerator to) {
    travel(Calculation.PROTECTED, List.of(from, to), 2);
  }

  @ParameterizedTest(name = "a calculation in protected mode without interrupts from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void protectedModeWithoutInterrupts(Accelerator from, Accelerator to) {
    travel(Calculation.PROTECTED_QUIET, List.of(from, to), 2);
  }

  @ParameterizedTest(name = "a calculation in real mode from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void realMode(Accelerator from, Accelerator to) {
    travel(Calculation.REAL, List.of(from, to), 3);
  }

  @ParameterizedTest(name = "ten moves between {0} and {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void tenMoves(Accelerator from, Accelerator to) {
    List<Accelerator> route = new ArrayList<>();
    for (int leg = 0; leg <= 10; leg++) {
      route.add(leg % 2 == 0 ? from : to);
    }
    travel(Calculation.LONG, route, 4);
  }
}
