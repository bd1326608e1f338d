package org.wardian.boot;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Seeded damage to valid input. The same seed and count give the same inputs on every machine. */
public final class Mutation {

  private static final int[] INTERESTING = {0, 1, 0x7f, 0x80, 0xfe, 0xff};

  private final SplittableRandom random;

  /**
   * Creates a source of damage.
   *
   * @param seed where the sequence starts
   */
  public Mutation(long seed) {
    random = new SplittableRandom(seed);
  }

  /**
   * How many inputs to try: system property {@code wardian.fuzz.iterations}, or else a count that
   * keeps the test fast.
   *
   * @param usual count without the property
   */
  public static int iterations(int usual) {
    return Integer.getInteger("wardian.fuzz.iterations", usual);
  }

  /**
   * Damages a copy of an input in one to four places.
   *
   * @param valid the input
   * @param window most of the damage falls on this many bytes at the start, where headers are
   */
  public byte[] apply(byte[] valid, int window) {
    byte[] data = valid.clone();
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count && data.length > 8; i++) {
      int bound = random.nextInt(4) > 0 ? Math.min(window, data.length) : data.length;
      int at = random.nextInt(bound);
      switch (random.nextInt(6)) {
        case 0 -> data[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> data[at] = (byte) random.nextInt(256);
        case 2 -> data[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
        case 3 -> fill(data, at);
        case 4 -> {
          int from = random.nextInt(data.length);
          int length = Math.min(random.nextInt(16), data.length - Math.max(at, from));
          System.arraycopy(data, from, data, at, length);
        }
        default -> {
          if (random.nextInt(4) == 0) {
            data = Arrays.copyOf(data, random.nextInt(data.length));
          }
        }
      }
    }
    return data;
  }

  private void fill(byte[] data, int at) {
    byte value = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
    Arrays.fill(data, at, Math.min(at + 1 + random.nextInt(8), data.length), value);
  }
}
