package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.bus.StateException;
import org.wardian.storage.BlockRequest;

/**
 * Commands at random to a floppy disk controller, whole and in part, by DMA and by programmed
 * transfers, while its disk is changed, fails or keeps it waiting and its state moves: it answers
 * always, what it says that it did is done, and nothing else is.
 */
class FloppyFuzzTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final long SEED = Long.getLong("wardian.fuzz.seed", 1);

  private static final int[] CODES = {
    0x02, 0x03, 0x04, 0x05, 0x06, 0x06, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x18, 0x19, 0x1d,
  };

  private final SplittableRandom random = new SplittableRandom(SEED);
  private int read;
  private int written;
  private int formatted;
  private int failed;
  private int refused;

  @Test
  @Timeout(3600)
  void everyCommandIsAnsweredAndDoesWhatItSays() {
    try (FloppyRig rig = new FloppyRig(random)) {
      for (int i = 0; i < CASES; i++) {
        try {
          one(rig);
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError("case " + i + " of seed " + SEED, e);
        }
      }
    }
    assertThat(read).isGreaterThan(CASES / 200);
    assertThat(written).isGreaterThan(CASES / 200);
    assertThat(formatted).isGreaterThan(CASES / 400);
    assertThat(failed).isGreaterThan(CASES / 200);
    assertThat(refused).as("states that are none").isPositive();
  }

  private void one(FloppyRig rig) {
    switch (random.nextInt(16)) {
      case 0 -> noise(rig);
      case 1 -> rig.out(2, random.nextInt(256));
      case 2 -> rig.out(4, random.nextInt(256));
      case 3 -> rig.disk.insert(random.nextInt(4) != 0);
      case 4 -> rig.disk.readOnly = random.nextInt(4) == 0;
      case 5 -> {
        BlockRequest.Result[] results = BlockRequest.Result.values();
        rig.disk.failure =
            random.nextInt(3) == 0
                ? results[random.nextInt(results.length)]
                : BlockRequest.Result.OK;
      }
      case 6 -> rig.pause();
      case 7 -> rig.resume();
      case 8 -> rig.move();
      case 9 -> hostileState(rig);
      default -> command(rig);
    }
  }

  private void noise(FloppyRig rig) {
    for (int n = random.nextInt(20); n > 0; n--) {
      int register = random.nextInt(6);
      if (random.nextBoolean()) {
        assertThat(rig.in(register)).isBetween(0, 255);
      } else if (random.nextBoolean()) {
        rig.out(5, random.nextInt(256));
      } else {
        rig.out(register, random.nextInt(256));
      }
    }
  }

  private void hostileState(FloppyRig rig) {
    byte[] state = rig.record();
    for (int n = random.nextInt(1, 6); n > 0; n--) {
      state[random.nextInt(Math.min(state.length, 140))] = (byte) random.nextInt();
    }
    try {
      rig.load(state);
    } catch (StateException e) {
      refused++;
    }
  }

  private void command(FloppyRig rig) {
    if (random.nextInt(4) != 0) {
      rig.makeReady();
    }
    int code = CODES[random.nextInt(CODES.length)];
    int head = random.nextInt(2);
    int cylinder = random.nextInt(random.nextInt(8) == 0 ? 256 : 40);
    int[] place = {
      code | random.nextInt(8) << 5,
      head << 2 | (random.nextInt(16) == 0 ? random.nextInt(4) : 0),
      cylinder,
      random.nextInt(16) == 0 ? random.nextInt(256) : head,
      random.nextInt(16) == 0 ? random.nextInt(256) : random.nextInt(1, 9),
      random.nextInt(16) == 0 ? random.nextInt(256) : 2,
      random.nextInt(16) == 0 ? random.nextInt(256) : 8,
      random.nextInt(256),
      random.nextInt(256),
    };
    if (random.nextInt(4) != 0) {
      rig.run(new int[] {0x0f, 0, cylinder});
    }
    boolean write = code == 0x05 || code == 0x09 || code == 0x0d;
    FloppyRig.Transfer transfer = rig.prepare(write);
    // What an earlier command has left to the disk is done now.
    rig.resume();
    byte[] before = rig.disk.content.clone();
    if (code == 0x0d) {
      place[2] = 2;
      place[3] = 8;
    }
    if (random.nextInt(8) == 0) {
      int given = random.nextBoolean() ? place.length : random.nextInt(1, place.length);
      rig.leave(Arrays.copyOf(place, given), random.nextInt(random.nextBoolean() ? 4 : 8000));
      return;
    }
    if (random.nextInt(4) == 0) {
      rig.pause();
    }
    if (!rig.run(place)) {
      return;
    }
    check(rig, place, before, transfer);
  }

  /** What was moved is what the command named, and nothing else has changed. */
  private void check(FloppyRig rig, int[] place, byte[] before, FloppyRig.Transfer transfer) {
    int code = place[0] & 0x1f;
    boolean done = rig.done();
    int head = place[1] >> 2 & 1;
    int tracks = 2 * 8;
    byte[] after = rig.disk.content;
    switch (code) {
      case 0x02, 0x06, 0x0c -> {
        assertThat(after).isEqualTo(before);
        if (done) {
          int first = (place[2] * tracks + place[3] * 8 + place[4] - 1) * 512;
          transfer.checkRead(before, first, sectors(place) * 512);
          read++;
        }
      }
      case 0x05, 0x09 -> {
        if (done) {
          int first = (place[2] * tracks + place[3] * 8 + place[4] - 1) * 512;
          int most = sectors(place) * 512;
          byte[] source =
              transfer.isKnown()
                  ? transfer.source(most)
                  : Arrays.copyOfRange(after, first, first + most);
          System.arraycopy(source, 0, before, first, source.length);
          written++;
        }
        assertThat(after).isEqualTo(before);
      }
      case 0x0d -> {
        if (done) {
          int first = (rig.cylinder() * tracks + head * 8) * 512;
          Arrays.fill(before, first, first + 8 * 512, (byte) place[5]);
          formatted++;
        }
        assertThat(after).isEqualTo(before);
      }
      default -> assertThat(after).isEqualTo(before);
    }
    failed += done ? 0 : 1;
  }

  /** From a place to the end that a command names. */
  private static int sectors(int[] place) {
    int sectors = Math.max(1, Math.min(place[6], 8) - place[4] + 1);
    boolean bothHeads = (place[0] & 0x80) != 0 && place[3] == 0;
    return bothHeads ? sectors + 8 : sectors;
  }
}
