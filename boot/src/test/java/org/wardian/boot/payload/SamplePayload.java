package org.wardian.boot.payload;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * Data that was compressed once by the reference tools; the results are resources beside this
 * class. It has text, noise, long runs and long-distance repeats, and begins like an ELF file.
 */
public final class SamplePayload {

  private static final int TEXT = 100_000;
  private static final int NOISE = 1_000;
  private static final int RUN = 40_000;

  private SamplePayload() {}

  /** The data before compression, 142,004 bytes. */
  public static byte[] bytes() {
    // java.util.Random's sequence is specified, so the data never changes.
    Random random = new Random(20_250_601);
    String[] words = new String[60];
    for (int i = 0; i < words.length; i++) {
      words[i] = Integer.toString(Math.abs(random.nextInt()), 36).substring(0, 1 + i % 5);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x7f, 'E', 'L', 'F'});
    while (out.size() < TEXT) {
      if (out.size() > 1000 && random.nextInt(4) == 0) {
        int from = random.nextInt(out.size() - 200);
        out.write(out.toByteArray(), from, 20 + random.nextInt(180));
      } else {
        String word = words[random.nextInt(1 + random.nextInt(words.length))];
        out.writeBytes((word + " ").getBytes(StandardCharsets.US_ASCII));
      }
    }
    byte[] noise = new byte[NOISE];
    random.nextBytes(noise);
    byte[] start = Arrays.copyOf(out.toByteArray(), TEXT);
    out.reset();
    out.writeBytes(start);
    out.writeBytes(noise);
    out.writeBytes(new byte[RUN]);
    out.writeBytes(noise);
    out.writeBytes(new byte[] {1, 2, 3, 4});
    return out.toByteArray();
  }

  /**
   * The data as a reference tool compressed it, with the size appended as Linux does.
   *
   * @param name name of the resource
   */
  public static byte[] packed(String name) {
    byte[] file = resource(name);
    if (name.endsWith(".gz")) {
      return file;
    }
    byte[] payload = Arrays.copyOf(file, file.length + 4);
    int size = bytes().length;
    for (int i = 0; i < 4; i++) {
      payload[file.length + i] = (byte) (size >>> 8 * i);
    }
    return payload;
  }

  private static byte[] resource(String name) {
    try (InputStream in = SamplePayload.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
