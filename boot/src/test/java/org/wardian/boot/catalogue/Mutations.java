package org.wardian.boot.catalogue;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/** Seeded random damage to valid input, for the fuzz tests of parsers. */
public final class Mutations {
  private final Random random;

  /**
   * @param seed a failure's seed repeats it
   */
  public Mutations(long seed) {
    random = new Random(seed);
  }

  /**
   * How many inputs a fuzz test tries.
   *
   * @param usual the number unless the system property {@code wardian.fuzz.iterations} scales it,
   *     of which 20000 is the usual value
   */
  public static int iterations(int usual) {
    return (int)
        Math.max(1, (long) usual * Integer.getInteger("wardian.fuzz.iterations", 20_000) / 20_000);
  }

  /** A damaged copy: one to four changes of bytes, or of the length. */
  public byte[] of(byte[] valid) {
    byte[] data = valid.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes && data.length > 0; i++) {
      data = changed(data);
    }
    return data;
  }

  private byte[] changed(byte[] data) {
    int at = random.nextInt(data.length);
    switch (random.nextInt(6)) {
      case 0 -> data[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> data[at] = (byte) random.nextInt(256);
      case 2 -> data[at] = (byte) ("\n\r :-0f9/\0\377".charAt(random.nextInt(11)));
      case 3 -> {
        return java.util.Arrays.copyOf(data, at);
      }
      case 4 -> {
        return spliced(data, at, at + random.nextInt(Math.min(64, data.length - at) + 1), false);
      }
      default -> {
        return spliced(data, at, at + random.nextInt(Math.min(64, data.length - at) + 1), true);
      }
    }
    return data;
  }

  /** Removes or repeats a range. */
  private static byte[] spliced(byte[] data, int from, int to, boolean repeat) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(data, 0, repeat ? to : from);
    out.write(data, repeat ? from : to, data.length - (repeat ? from : to));
    return out.toByteArray();
  }
}
