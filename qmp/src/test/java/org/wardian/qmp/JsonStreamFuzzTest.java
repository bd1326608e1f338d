package org.wardian.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Damaged streams: each ends in values and errors, and the stream goes on after them. */
class JsonStreamFuzzTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int ROOM = 600;

  private static final List<String> SEEDS =
      List.of(
          "{\"execute\":\"qmp_capabilities\"}",
          "{'execute': 'device_add', 'arguments': {'driver': 'virtio-blk-pci', 'id':"
              + " \"d\\u00e4\"}}",
          "{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\",\"data\":\"a\"}]},\"id\":[1,{}]}",
          "{\"a\":[[[[1.5e300,-0,true,null]]]],\"b\":\"\\\"\\\\\\n\"}{\"c\":12345678901234567890}");

  private static final byte[] FAVOURITES =
      "{}[]:,\"'\\\n\0\u007f019-+.eE tfnu".getBytes(StandardCharsets.US_ASCII);

  private int values;
  private int errors;

  private static byte[] damaged(SplittableRandom random) {
    String seed = SEEDS.get(random.nextInt(SEEDS.size()));
    byte[] text = (seed + seed).getBytes(StandardCharsets.UTF_8);
    int changes = random.nextInt(1, 6);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length);
      switch (random.nextInt(4)) {
        case 0 -> text[at] = (byte) random.nextInt(256);
        case 1 -> text[at] = FAVOURITES[random.nextInt(FAVOURITES.length)];
        case 2 -> text = Arrays.copyOf(text, at + 1);
        default -> {
          int length = random.nextInt(text.length - at);
          System.arraycopy(text, at, text, random.nextInt(text.length - length), length);
        }
      }
    }
    return text;
  }

  @Test
  void damagedMessages() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] text = damaged(random);
      RecordedStream whole = new RecordedStream(ROOM).feed(text);
      // Where it is cut makes no difference.
      int cut = random.nextInt(text.length + 1);
      RecordedStream halves =
          new RecordedStream(ROOM)
              .feed(Arrays.copyOf(text, cut))
              .feed(Arrays.copyOfRange(text, cut, text.length));
      assertThat(halves.record()).isEqualTo(whole.record());
      assertThat(whole.record()).allSatisfy(line -> assertThat(line).isNotBlank());
      // Whatever was open is closed by an error, and a message that follows is read.
      whole.feed((byte) 0xff).feed("\n{\"last\":1}");
      assertThat(whole.record().getLast()).isEqualTo("{\"last\":1}");
      for (String line : whole.record()) {
        if (line.startsWith("!")) {
          errors++;
        } else {
          values++;
        }
      }
    }
    // A fuzzer whose inputs are all refused, or all read, would prove nothing.
    assertThat(values).isGreaterThan(ITERATIONS * 3 / 2);
    assertThat(errors).isGreaterThan(ITERATIONS);
  }

  @Test
  void noise() {
    SplittableRandom random = new SplittableRandom(8);
    for (int i = 0; i < ITERATIONS / 10; i++) {
      byte[] text = new byte[random.nextInt(2000)];
      for (int at = 0; at < text.length; at++) {
        text[at] =
            random.nextInt(3) == 0
                ? (byte) random.nextInt(256)
                : FAVOURITES[random.nextInt(FAVOURITES.length)];
      }
      RecordedStream stream = new RecordedStream(ROOM).feed(text);
      stream.feed((byte) 0xff).feed("\n[0]");
      assertThat(stream.record().getLast()).isEqualTo("[0]");
    }
  }
}
