package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class StateRecordTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static byte[] sample() {
    StateWriter out = new StateWriter();
    out.begin("chip", 2);
    out.writeBoolean(true);
    out.writeByte(0x1ff);
    out.writeInt(-7);
    out.writeLong(1L << 40);
    out.writeBytes(new byte[] {1, 2, 3});
    out.writeInts(new int[] {4, 5});
    out.writeString("Gerät");
    out.begin("part", 1);
    out.writeInt(9);
    out.end();
    out.end();
    return out.toByteArray();
  }

  private static String read(byte[] state) {
    StateReader in = new StateReader(state);
    StringBuilder text = new StringBuilder();
    text.append(in.begin("chip", 3));
    text.append(' ').append(in.readBoolean());
    text.append(' ').append(in.readByte());
    text.append(' ').append(in.readInt());
    text.append(' ').append(in.readLong());
    text.append(' ').append(Arrays.toString(in.readBytes()));
    int[] ints = new int[2];
    in.readInts(ints);
    text.append(' ').append(Arrays.toString(ints));
    text.append(' ').append(in.readString());
    text.append(' ').append(in.hasNext());
    in.begin("part", 1);
    text.append(' ').append(in.readInt(0, 10));
    in.end();
    in.end();
    in.finish();
    return text.toString();
  }

  private static void refused(byte[] state, String message, Consumer<StateReader> reading) {
    assertThatThrownBy(() -> reading.accept(new StateReader(state)))
        .isInstanceOf(StateException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatIsWrittenIsRead() {
    assertThat(read(sample()))
        .isEqualTo("2 true 255 -7 1099511627776 [1, 2, 3] [4, 5] Gerät true 9");
  }

  @Test
  void aForeignRecordIsRefusedByName() {
    refused(sample(), "'chip' where 'clock' was expected", in -> in.begin("clock", 1));
  }

  @Test
  void anUnknownVersionIsRefused() {
    refused(sample(), "unknown version 2", in -> in.begin("chip", 1));
  }

  @Test
  void aFieldOfAnotherTypeIsRefused() {
    refused(
        sample(),
        "in record 'chip'",
        in -> {
          in.begin("chip", 2);
          in.readInt();
        });
  }

  @Test
  void fieldsLeftOverAreRefused() {
    refused(
        sample(),
        "bytes too many",
        in -> {
          in.begin("chip", 2);
          in.end();
        });
    byte[] longer = Arrays.copyOf(sample(), sample().length + 1);
    refused(longer, "1 bytes too many", in -> read(longer));
  }

  @Test
  void fieldsEndWithTheirRecord() {
    StateWriter out = new StateWriter();
    out.begin("a", 1);
    out.end();
    out.begin("b", 1);
    out.writeInt(1);
    out.end();
    refused(
        out.toByteArray(),
        "truncated",
        in -> {
          in.begin("a", 1);
          in.readInt();
        });
  }

  @Test
  void valuesOutOfTheirRangeAreRefused() {
    StateWriter out = new StateWriter();
    out.writeInt(11);
    refused(out.toByteArray(), "11 is not within 0 to 10", in -> in.readInt(0, 10));
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = sample();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(StateException.class);
    }
  }

  @Test
  void anOpenRecordCannotBeTakenOut() {
    StateWriter out = new StateWriter();
    out.begin("chip", 1);
    assertThatThrownBy(out::toByteArray).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> out.begin("part", 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void mutatedStateIsReadOrRefused() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] valid = sample();
    int refused = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] state =
          Arrays.copyOf(valid, random.nextInt(8) == 0 ? random.nextInt(99) : valid.length);
      for (int n = random.nextInt(1, 4); n > 0 && state.length > 0; n--) {
        state[random.nextInt(state.length)] = (byte) random.nextInt();
      }
      try {
        read(state);
      } catch (StateException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }
}
