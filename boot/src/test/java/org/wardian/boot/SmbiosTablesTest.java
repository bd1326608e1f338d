package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmbiosTablesTest {
  private record Structure(int type, int handle, ByteBuffer formatted, List<String> strings) {}

  /** Walks the structures as an inventory does. */
  private static List<Structure> walk(byte[] table) {
    List<Structure> all = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at < table.length) {
      int length = table[at + 1] & 0xff;
      ByteBuffer formatted = in.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
      List<String> strings = new ArrayList<>();
      int text = at + length;
      int end = text;
      while (table[end] != 0 || table[end + 1] != 0) {
        if (table[end] == 0) {
          strings.add(new String(table, text, end - text, StandardCharsets.US_ASCII));
          text = end + 1;
        }
        end++;
      }
      if (end > text) {
        strings.add(new String(table, text, end - text, StandardCharsets.US_ASCII));
      }
      all.add(new Structure(table[at] & 0xff, in.getShort(at + 2) & 0xffff, formatted, strings));
      at = end + 2;
    }
    return all;
  }

  @Test
  void everyProcessorIsThere() {
    SmbiosTables tables = SmbiosTables.of(1L << 30, 3, "a model");
    List<Structure> all = walk(tables.structures());
    assertThat(all).extracting(Structure::type).containsExactly(1, 3, 4, 4, 4, 16, 17, 19, 32, 127);
    assertThat(all).extracting(Structure::handle).doesNotHaveDuplicates();
    assertThat(all.get(3).strings()).containsExactly("CPU 1", "Wardian", "a model");
    assertThat(all.getFirst().strings()).containsExactly("Wardian", "Wardian PC", "1");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 20, 1L << 30, 64L << 30, 512L << 30})
  void memoryHasItsSize(long bytes) {
    List<Structure> all = walk(SmbiosTables.of(bytes, 1, "m").structures());
    ByteBuffer device = all.get(4).formatted();
    long size = device.getShort(12) & 0xffff;
    assertThat(size == 0x7fff ? device.getInt(28) : size).isEqualTo(bytes >> 20);
    ByteBuffer mapped = all.get(5).formatted();
    long last = Integer.toUnsignedLong(mapped.getInt(8));
    assertThat(last == 0xffffffffL ? mapped.getLong(23) : last << 10 | 0x3ff).isEqualTo(bytes - 1);
  }

  @Test
  void theEntryPointIsSound() {
    SmbiosTables tables = SmbiosTables.of(1L << 30, 2, "m");
    byte[] entry = tables.entryPoint();
    byte whole = 0;
    byte half = 0;
    for (int i = 0; i < 31; i++) {
      whole += entry[i];
      half += i >= 16 ? entry[i] : 0;
    }
    assertThat(whole).isZero();
    assertThat(half).isZero();
    ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(fields.getShort(22)).isEqualTo((short) tables.structures().length);
    assertThat(fields.getShort(28)).isEqualTo((short) walk(tables.structures()).size());
  }
}
