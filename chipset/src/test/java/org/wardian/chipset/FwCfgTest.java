package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.wardian.bus.IoBus;
import org.wardian.memory.GuestMemory;

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

  @Test
  void itemsAreCopiedByDirectMemoryAccess() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      FwCfg device = new FwCfg(1 << 20, 1, 1, new Dma(memory));
      device.add("etc/file", new byte[] {1, 2, 3, 4});
      IoBus bus = IoBus.ports();
      bus.map(FwCfg.PORT, FwCfg.PORTS, device);
      assertThat(bus.read(0x514, 4)).as("QEMU").isEqualTo(0x554d4551);
      bus.write(0x510, 2, 1);
      assertThat(bus.read(0x511, 1)).isEqualTo(3);
      // Select file 0x20, skip a byte, read five to 0x2000: what is beyond the end is zero.
      assertThat(request(memory, bus, 0x0020_000c, 1, 0)).isZero();
      memory.write(0x2000, new byte[] {9, 9, 9, 9, 9, 9}, 0, 6);
      assertThat(request(memory, bus, 2, 5, 0x2000)).isZero();
      byte[] copied = new byte[6];
      memory.read(0x2000, copied, 0, 6);
      assertThat(copied).containsExactly(2, 3, 4, 0, 0, 9);
      assertThat(request(memory, bus, 0x0020_000a, 4, 1 << 20)).as("no memory").isEqualTo(1);
      assertThat(request(memory, bus, 0x0020_0018, 4, 0x2000)).as("no writing").isEqualTo(1);
    }
  }

  /** Has a request carried out, and returns its control word afterwards. */
  private static int request(GuestMemory memory, IoBus bus, int control, int length, long to) {
    ByteBuffer request = ByteBuffer.allocate(16).putInt(control).putInt(length).putLong(to);
    memory.write(0x1000, request.array(), 0, 16);
    bus.write(0x518, 4, Integer.toUnsignedLong(Integer.reverseBytes(0x1000)));
    byte[] answer = new byte[4];
    memory.read(0x1000, answer, 0, 4);
    return ByteBuffer.wrap(answer).getInt();
  }

  @Test
  void computedFilesAreMadeWhenTheyAreAskedFor() {
    byte[][] content = {{1}};
    config.put("etc/computed", () -> content[0]);
    content[0] = new byte[] {2, 3};
    assertThat(read(0x20, 2)).containsExactly(2, 3);
    content[0] = new byte[] {4, 5, 6};
    assertThat(read(0x19, 8)).as("its length").containsExactly(0, 0, 0, 1, 0, 0, 0, 3);
  }
}
