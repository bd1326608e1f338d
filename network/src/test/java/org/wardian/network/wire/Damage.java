package org.wardian.network.wire;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Seeded damage to valid messages. */
public final class Damage {
  /** How many cases a fuzz test tries. */
  public static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static final int[] INTERESTING = {0, 1, 2, 4, 8, 20, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff};

  private Damage() {}

  /** A copy with up to four bytes, bits or lengths changed, or cut, or lengthened. */
  public static byte[] apply(byte[] valid, SplittableRandom random) {
    byte[] data = valid.clone();
    for (int count = random.nextInt(5); count > 0 && data.length > 0; count--) {
      // Headers come first.
      int bound = random.nextInt(4) > 0 ? Math.min(80, data.length) : data.length;
      int at = random.nextInt(bound);
      switch (random.nextInt(8)) {
        case 0, 1 -> data[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> data[at] = (byte) random.nextInt(256);
        case 3, 4 -> data[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
        case 5 -> {
          int end = Math.min(data.length, at + random.nextInt(8));
          Arrays.fill(data, at, end, (byte) random.nextInt(256));
        }
        case 6 -> data = Arrays.copyOf(data, random.nextInt(data.length + 1));
        default -> data = Arrays.copyOf(data, data.length + random.nextInt(32));
      }
    }
    return data;
  }
}
