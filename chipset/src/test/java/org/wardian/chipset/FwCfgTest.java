package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.wardian.bus.IoBus;

class FwCfgTest {
  private final FwCfg config = new FwCfg(0x1_4000_0000L, 2, 64);
  private final IoBus ports = IoBus.ports();

  FwCfgTest() {
    ports.map(FwCfg.PORT, FwCfg.PORTS, config);
  }

  private byte[] read(int key, int length) {
    ports.write(0x510, 2, key);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ports.read(0x511, 1);
    }
    return bytes;
  }

  @Test
  void signatureAndInterface() {
    assertThat(read(0, 4)).asString(StandardCharsets.US_ASCII).isEqualTo("QEMU");
    assertThat(read(1, 4)).containsExactly(1, 0, 0, 0);
  }

  @Test
  void sizesAreLittleEndian() {
    assertThat(read(3, 8)).containsExactly(0, 0, 0, 0x40, 1, 0, 0, 0);
    assertThat(read(5, 2)).containsExactly(2, 0);
    assertThat(read(0x0f, 2)).containsExactly(64, 0);
  }

  @Test
  void theDirectoryListsFilesInBigEndian() {
    assertThat(read(0x19, 4)).containsExactly(0, 0, 0, 0);
    config.add("etc/first", new byte[] {1, 2, 3});
    config.add("opt/second", new byte[0x102]);
    byte[] directory = read(0x19, 4 + 128);
    assertThat(directory).startsWith(0, 0, 0, 2, 0, 0, 0, 3, 0, 0x20, 0, 0, 'e', 't', 'c', '/');
    assertThat(directory[4 + 64 + 2]).isEqualTo((byte) 1);
    assertThat(directory[4 + 64 + 5]).isEqualTo((byte) 0x21);
    assertThat(read(0x20, 4)).containsExactly(1, 2, 3, 0);
  }

  @Test
  void selectingStartsOver() {
    ports.write(0x510, 2, 0);
    assertThat(ports.read(0x511, 1)).isEqualTo('Q');
    assertThat(ports.read(0x511, 1)).isEqualTo('E');
    ports.write(0x510, 2, 0);
    assertThat(ports.read(0x511, 1)).isEqualTo('Q');
  }

  @Test
  void unknownItemsReadAsZero() {
    assertThat(read(0x7777, 3)).containsExactly(0, 0, 0);
  }

  @Test
  void badNamesAreRefused() {
    config.add("a", new byte[0]);
    for (String name : new String[] {"", "a", "x".repeat(56), "ö"}) {
      assertThatThrownBy(() -> config.add(name, new byte[0]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
