package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.storage.BlockRequest;

class IdeControllerTest {
  private static final int DISK = 0x1f0;
  private static final int DISC = 0x170;
  private static final int TABLE = 0x1000;
  private static final int BUFFER = 0x10000;

  private final PcDevices pc = new PcDevices().configured();

  @AfterEach
  void close() {
    pc.close();
  }

  private void command(int base, int code, int features, int count, int lba) {
    pc.out(base + 6, 0xe0 | lba >> 24 & 0xf);
    pc.out(base + 1, features);
    pc.out(base + 2, count);
    pc.out(base + 3, lba & 0xff);
    pc.out(base + 4, lba >> 8 & 0xff);
    pc.out(base + 5, lba >> 16 & 0xff);
    pc.out(base + 7, code);
  }

  private byte[] data(int base, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.remaining() > 1) {
      bytes.putShort((short) pc.ports.read(base, 2));
    }
    return bytes.array();
  }

  private void give(int base, byte[] bytes) {
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (words.hasRemaining()) {
      pc.ports.write(base, 2, words.getShort() & 0xffff);
    }
  }

  private static String text(byte[] identity, int word, int words) {
    byte[] swapped = Arrays.copyOfRange(identity, 2 * word, 2 * (word + words));
    for (int i = 0; i < swapped.length; i += 2) {
      byte first = swapped[i];
      swapped[i] = swapped[i + 1];
      swapped[i + 1] = first;
    }
    return new String(swapped, StandardCharsets.US_ASCII).strip();
  }

  @Test
  void aDiskTellsWhatItIs() {
    command(DISK, 0xec, 0, 0, 0);
    assertThat(pc.lines[14].level).isTrue();
    assertThat(pc.in(DISK + 7)).isEqualTo(0x58);
    assertThat(pc.lines[14].level).as("reading the status acknowledges").isFalse();
    byte[] identity = data(DISK, 512);
    ByteBuffer words = ByteBuffer.wrap(identity).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(text(identity, 10, 10)).isEqualTo("SERIAL1");
    assertThat(words.getInt(120)).isEqualTo(2048);
    assertThat(words.getLong(200)).isEqualTo(2048);
    int sum = 0;
    for (byte b : identity) {
      sum += b;
    }
    assertThat(sum & 0xff).isZero();
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
  }

  @Test
  void sectorsAreReadByProgrammedTransfers() {
    command(DISK, 0x20, 0, 2, 5);
    assertThat(data(DISK, 512)).isEqualTo(pc.disk.sector(5));
    assertThat(pc.in(DISK + 7)).isEqualTo(0x58);
    assertThat(data(DISK, 512)).isEqualTo(pc.disk.sector(6));
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
  }

  @Test
  void sectorsMayBeAddressedByCylinderHeadAndSector() {
    pc.out(DISK + 6, 0xa1);
    pc.out(DISK + 2, 1);
    pc.out(DISK + 3, 3);
    pc.out(DISK + 4, 1);
    pc.out(DISK + 5, 0);
    pc.out(DISK + 7, 0x20);
    assertThat(data(DISK, 512)).isEqualTo(pc.disk.sector((16 + 1) * 63 + 2));
  }

  @Test
  void sectorsAreWrittenByProgrammedTransfers() {
    byte[] bytes = new byte[3 * 512];
    Arrays.fill(bytes, (byte) 0x5a);
    command(DISK, 0x30, 0, 3, 100);
    assertThat(pc.lines[14].edges).as("the first block is asked for without interrupt").isZero();
    give(DISK, bytes);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
    assertThat(Arrays.copyOfRange(pc.disk.content, 51200, 51200 + 1536)).isEqualTo(bytes);
  }

  @Test
  void multipleBlocksInterruptOnceEach() {
    command(DISK, 0xc6, 0, 4, 0);
    pc.in(DISK + 7);
    pc.lines[14].takeEdges();
    command(DISK, 0xc4, 0, 8, 0);
    pc.in(DISK + 7);
    byte[] first = data(DISK, 4 * 512);
    pc.in(DISK + 7);
    byte[] second = data(DISK, 4 * 512);
    assertThat(first).isEqualTo(Arrays.copyOf(pc.disk.content, 2048));
    assertThat(second).isEqualTo(Arrays.copyOfRange(pc.disk.content, 2048, 4096));
    assertThat(pc.lines[14].takeEdges()).isEqualTo(2);
  }

  private void table(int... ranges) {
    for (int i = 0; i < ranges.length; i += 2) {
      int last = i + 2 == ranges.length ? 1 << 31 : 0;
      pc.poke(TABLE + 4 * i, ranges[i], ranges[i + 1] | last);
    }
    pc.ports.write(PcDevices.BUS_MASTER + 4, 4, TABLE);
  }

  @Test
  void sectorsAreReadByBusMaster() {
    table(BUFFER, 512, BUFFER + 0x1000, 512);
    command(DISK, 0xc8, 0, 2, 9);
    assertThat(pc.in(DISK + 7)).as("it waits for the bus master").isEqualTo(0x58);
    pc.out(PcDevices.BUS_MASTER, 0x09);
    assertThat(pc.in(PcDevices.BUS_MASTER + 2) & 7).isEqualTo(4);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
    assertThat(pc.peek(BUFFER, 512)).isEqualTo(pc.disk.sector(9));
    assertThat(pc.peek(BUFFER + 0x1000, 512)).isEqualTo(pc.disk.sector(10));
  }

  @Test
  void sectorsAreWrittenByBusMaster() {
    pc.poke(BUFFER, 0x11223344);
    table(BUFFER, 512);
    pc.out(PcDevices.BUS_MASTER, 0x01);
    command(DISK, 0xca, 0, 1, 33);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
    assertThat(ByteBuffer.wrap(pc.disk.sector(33)).getInt()).isEqualTo(0x44332211);
  }

  @Test
  void aTableThatIsTooShortOrNoMemoryFailsTheCommand() {
    table(BUFFER, 256);
    command(DISK, 0xc8, 0, 1, 0);
    pc.out(PcDevices.BUS_MASTER, 0x09);
    assertThat(pc.in(PcDevices.BUS_MASTER + 2) & 3).isEqualTo(2);
    assertThat(pc.in(DISK + 7) & 1).isEqualTo(1);
    pc.out(PcDevices.BUS_MASTER, 0);
    table(0xe0000000, 512);
    command(DISK, 0xc8, 0, 1, 0);
    pc.out(PcDevices.BUS_MASTER, 0x09);
    assertThat(pc.in(DISK + 1)).isEqualTo(4);
  }

  @Test
  void placesBeyondTheEndAreNotFound() {
    command(DISK, 0x20, 0, 2, 2047);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x51);
    assertThat(pc.in(DISK + 1)).isEqualTo(0x14);
  }

  @Test
  void failuresOfTheMediumAreReported() {
    pc.disk.failure = BlockRequest.Result.IO_ERROR;
    command(DISK, 0x20, 0, 1, 0);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x51);
    assertThat(pc.in(DISK + 1)).isEqualTo(0x40);
    command(DISK, 0xe7, 0, 0, 0);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x71);
  }

  @Test
  void withoutWriteCacheEveryWriteIsFlushed() {
    command(DISK, 0xef, 0x82, 0, 0);
    command(DISK, 0x30, 0, 1, 0);
    give(DISK, new byte[512]);
    assertThat(pc.disk.flushes).isEqualTo(1);
    command(DISK, 0xef, 0x02, 0, 0);
    command(DISK, 0x30, 0, 1, 0);
    give(DISK, new byte[512]);
    assertThat(pc.disk.flushes).isEqualTo(1);
  }

  @Test
  void resetLeavesTheSignature() {
    pc.out(0x3f6, 4);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x80);
    pc.out(0x3f6, 0);
    assertThat(pc.in(DISK + 7)).isEqualTo(0x50);
    assertThat(new int[] {pc.in(DISK + 4), pc.in(DISK + 5)}).containsExactly(0, 0);
    pc.out(0x376, 4);
    pc.out(0x376, 0);
    assertThat(new int[] {pc.in(DISC + 4), pc.in(DISC + 5)}).containsExactly(0x14, 0xeb);
    pc.out(DISK + 6, 0xf0);
    assertThat(pc.in(DISK + 7)).as("no slave").isZero();
  }

  private void packet(int limit, int... bytes) {
    pc.out(DISC + 6, 0xa0);
    pc.out(DISC + 1, 0);
    pc.out(DISC + 4, limit & 0xff);
    pc.out(DISC + 5, limit >> 8);
    pc.out(DISC + 7, 0xa0);
    assertThat(pc.in(DISC + 2)).isEqualTo(1);
    byte[] packet = new byte[12];
    for (int i = 0; i < bytes.length; i++) {
      packet[i] = (byte) bytes[i];
    }
    give(DISC, packet);
  }

  private int sense() {
    packet(18, 3, 0, 0, 0, 18);
    byte[] sense = data(DISC, 18);
    pc.in(DISC + 7);
    return (sense[2] & 0xf) << 16 | (sense[12] & 0xff) << 8 | sense[13];
  }

  private void ready() {
    packet(0, 0);
    assertThat(pc.in(DISC + 7) & 1).as("attention after reset").isEqualTo(1);
    assertThat(sense()).isEqualTo(0x62900);
  }

  @Test
  void sectorsOfADiscAreRead() {
    ready();
    packet(0x800, 0x28, 0, 0, 0, 0, 3, 0, 0, 2);
    byte[] both = new byte[4096];
    for (int i = 0; i < 2; i++) {
      assertThat(pc.in(DISC + 2)).as("to the host").isEqualTo(2);
      assertThat(pc.in(DISC + 4) | pc.in(DISC + 5) << 8).isEqualTo(2048);
      System.arraycopy(data(DISC, 2048), 0, both, 2048 * i, 2048);
    }
    assertThat(both).isEqualTo(Arrays.copyOfRange(pc.disc.content, 3 * 2048, 5 * 2048));
    assertThat(pc.in(DISC + 2)).as("done").isEqualTo(3);
    assertThat(pc.in(DISC + 7)).isEqualTo(0x50);
  }

  @Test
  void aDiscHasOneTrack() {
    ready();
    packet(64, 0x43, 0, 0, 0, 0, 0, 0, 0, 64);
    byte[] toc = data(DISC, 20);
    assertThat(toc).startsWith(0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14);
    assertThat(toc[19]).as("lead-out").isEqualTo((byte) 64);
  }

  @Test
  void anOpenTrayHasNoMedium() {
    ready();
    packet(0, 0x1b, 0, 0, 0, 2);
    assertThat(pc.in(DISC + 7) & 1).isZero();
    packet(0, 0x25);
    assertThat(pc.in(DISC + 7) & 1).isEqualTo(1);
    assertThat(sense()).isEqualTo(0x23a00);
    packet(0, 0x1b, 0, 0, 0, 3);
    packet(8, 0x25);
    assertThat(ByteBuffer.wrap(data(DISC, 8)).getInt()).isEqualTo(63);
  }

  @Test
  void aChangedDiscIsTold() {
    ready();
    pc.disc.change();
    packet(0, 0);
    assertThat(pc.in(DISC + 7) & 1).isEqualTo(1);
    assertThat(sense()).isEqualTo(0x62800);
    packet(8, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
    assertThat(data(DISC, 8)).containsExactly(0, 6, 4, 0x10, 2, 2, 0, 0);
  }

  @Test
  void unknownPacketsAreRefused() {
    ready();
    packet(0, 0xc5);
    assertThat(pc.in(DISC + 7) & 1).isEqualTo(1);
    assertThat(sense()).isEqualTo(0x52000);
  }
}
