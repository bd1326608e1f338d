package org.wardian.boot.acpi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.LowMemory;

class AcpiLoaderTest {
  private static final int COMMAND = 128;

  /** Carries the script out as firmware does, with the tables behind the root pointer. */
  private static byte[] load(AcpiLoader loader) {
    Map<String, byte[]> files = new HashMap<>();
    files.put(AcpiLoader.TABLES, loader.tables());
    files.put(AcpiLoader.ROOT_POINTER, loader.rootPointer());
    long address = LowMemory.ACPI_TABLES;
    ByteBuffer script = ByteBuffer.wrap(loader.script()).order(ByteOrder.LITTLE_ENDIAN);
    int allocated = 0;
    for (int at = 0; at < script.capacity(); at += COMMAND) {
      byte[] file = files.get(name(script, at + 4));
      ByteBuffer bytes = file == null ? null : ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      switch (script.getInt(at)) {
        case 1 -> allocated++;
        case 2 -> {
          assertThat(name(script, at + 60)).isEqualTo(AcpiLoader.TABLES);
          int offset = script.getInt(at + 116);
          if (script.get(at + 120) == 8) {
            bytes.putLong(offset, bytes.getLong(offset) + address);
          } else {
            bytes.putInt(offset, (int) (bytes.getInt(offset) + address));
          }
        }
        case 3 -> {
          int start = script.getInt(at + 64);
          int length = script.getInt(at + 68);
          byte sum = 0;
          for (int i = 0; i < length; i++) {
            sum -= file[start + i];
          }
          file[script.getInt(at + 60)] = sum;
        }
        default -> assertThat(script.getInt(at)).as("padding").isZero();
      }
    }
    assertThat(allocated).isEqualTo(2);
    byte[] area = files.get(AcpiLoader.TABLES);
    System.arraycopy(files.get(AcpiLoader.ROOT_POINTER), 0, area, 0, 36);
    return area;
  }

  private static String name(ByteBuffer script, int at) {
    byte[] bytes = new byte[56];
    script.get(at, bytes);
    return new String(bytes, StandardCharsets.US_ASCII).trim();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 64})
  void firmwareMakesTheTablesThatWeWouldWrite(int processors) {
    AcpiConfiguration board = TestBoard.withProcessors(processors);
    byte[] expected = AcpiTables.build(board);
    byte[] loaded = load(new AcpiLoader(board));
    assertThat(Arrays.copyOf(loaded, expected.length)).isEqualTo(expected);
  }

  @Test
  void theTablesKeepTheirLengthWhenAWindowMoves() {
    byte[] tables = new AcpiLoader(TestBoard.withProcessors(2)).tables();
    assertThat(tables.length % 4096).isZero();
    assertThat(new String(tables, StandardCharsets.ISO_8859_1)).doesNotContain("RSD PTR ");
  }
}
