package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.wardian.bus.StateException;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/** A saved state that somebody tampered with: refused, or it runs and harms nobody. */
@OnEachAccelerator.Suite
class HostileStateTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 150);

  /** How long a state that was accepted may run, in nanoseconds. */
  private static final long TIME = 300_000;

  /** A machine takes so many states before it is replaced: what one left may matter to the next. */
  private static final int STATES_PER_MACHINE = 25;

  /** A state and the memory that belongs to it. */
  private record Saved(byte[] state, byte[] memory) {}

  private static Saved saved(Accelerator accelerator, GuestMode mode, String entry) {
    try (Guest guest = Guest.on(accelerator, "state")) {
      guest.set("rounds", Integer.MAX_VALUE);
      guest.set("period", 200_000);
      guest.enter(mode, entry);
      Guest.Run run = guest.start();
      while (guest.word(guest.at("progress")) < 50 && !run.isOver()) {
        Thread.onSpinWait();
      }
      guest.vcpu.kick();
      guest.expect(run.await(), Exit.STOPPED);
      return new Saved(guest.save(), guest.contents());
    }
  }

  /** Changes a few bytes; rarely lengths. */
  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    int changes = 1 + random.nextInt(4);
    for (int n = 0; n < changes; n++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0xff : 0);
        case 3 -> {
          for (int i = at & ~7; i < Math.min(bytes.length, (at & ~7) + 8); i++) {
            bytes[i] = (byte) random.nextInt();
          }
        }
        default -> {
          // Where the registers are: most of the record is zeros that nobody reads.
          int low = Math.min(bytes.length, 64 + StateLayout.XCR0);
          bytes[random.nextInt(low)] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return random.nextInt(40) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  @OnEachAccelerator
  void tamperedBytesAreRefusedOrRun(Accelerator accelerator) {
    accelerator.require();
    Saved[] valid = {
      saved(Accelerator.SOFTWARE, GuestMode.LONG, "compute"),
      saved(Accelerator.SOFTWARE, GuestMode.REAL, "real_compute"),
      saved(Accelerator.SOFTWARE, GuestMode.PROTECTED, "protected_compute")
    };
    Random random = new Random(20);
    int refused = 0;
    int ran = 0;
    int done = 0;
    while (done < ITERATIONS) {
      try (Guest guest = Guest.on(accelerator, "state")) {
        for (int n = 0; n < STATES_PER_MACHINE && done < ITERATIONS; n++, done++) {
          Saved saved = valid[random.nextInt(valid.length)];
          guest.contents(saved.memory);
          try {
            guest.load(mutate(saved.state, random));
          } catch (StateException e) {
            refused++;
            continue;
          }
          Guest.Run run = guest.start();
          LockSupport.parkNanos(TIME);
          guest.vcpu.kick();
          Exit exit = run.await();
          assertThat(exit).as("state %d", done).isNotNull();
          ran++;
          guest.platform.pause();
        }
      }
    }
    assertThat(refused).as("refused, %d ran", ran).isPositive();
    assertThat(ran).as("ran, %d refused", refused).isPositive();
  }

  @OnEachAccelerator
  void aMachineThatRefusedAStateStillTakesAGoodOne(Accelerator accelerator) {
    accelerator.require();
    Saved valid = saved(accelerator, GuestMode.LONG, "compute");
    try (Guest guest = Guest.on(accelerator, "state")) {
      byte[] cut = Arrays.copyOf(valid.state, valid.state.length / 2);
      StateException refusal = null;
      try {
        guest.load(cut);
      } catch (StateException e) {
        refusal = e;
      }
      assertThat(refusal).as("half a state").isNotNull();
      guest.contents(valid.memory);
      guest.load(valid.state);
      guest.set("rounds", 2000);
      guest.runToDone();
      assertThat(guest.word(guest.at("progress"))).isGreaterThanOrEqualTo(2000);
    }
  }
}
