package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.storage.BlockRequest;

class AhciControllerTest {
  private static final int LIST = 0x2000;
  private static final int RECEIVED = 0x3000;
  private static final int TABLES = 0x4000;
  private static final int BUFFER = 0x20000;

  private final PcDevices pc = new PcDevices().configured();

  @AfterEach
  void close() {
    pc.close();
  }

  private void write(int register, int value) {
    pc.mmio.write(PcDevices.AHCI + register, 4, value & 0xffffffffL);
  }

  private int read(int register) {
    return (int) pc.mmio.read(PcDevices.AHCI + register, 4);
  }

  @BeforeEach
  void start() {
    write(0x04, 0x80000002);
    for (int port = 0; port < 2; port++) {
      int base = 0x100 + 0x80 * port;
      write(base, LIST + 0x400 * port);
      write(base + 0x08, RECEIVED + 0x100 * port);
      write(base + 0x14, 0x7dc0007f);
      write(base + 0x18, 0x11);
    }
  }

  /** Fills a slot of port 0 with a command. */
  private void slot(int number, int code, int count, long lba, int features, int... ranges) {
    slot(0, number, new int[] {code, count, features}, lba, new int[0], ranges);
  }

  private void slot(int port, int number, int[] command, long lba, int[] packet, int... ranges) {
    int table = TABLES + 0x400 * (number + 32 * port);
    int flags = 5 | (packet.length > 0 ? 0x20 : 0) | ranges.length / 2 << 16;
    pc.poke(LIST + 0x400 * port + 32 * number, flags, 0, table, 0);
    pc.poke(
        table,
        0x8027 | command[0] << 16 | (command[2] & 0xff) << 24,
        (int) (lba & 0xffffff) | 0x40000000,
        (int) (lba >>> 24 & 0xffffff) | command[2] >> 8 << 24,
        command[1]);
    byte[] bytes = new byte[16];
    for (int i = 0; i < packet.length; i++) {
      bytes[i] = (byte) packet[i];
    }
    pc.memory.write(table + 0x40, bytes, 0, 16);
    for (int i = 0; i < ranges.length; i += 2) {
      pc.poke(table + 0x80 + 8 * i, ranges[i], 0, 0, ranges[i + 1] - 1);
    }
  }

  @Test
  void driveAndLinkAreThere() {
    assertThat(read(0x0c)).isEqualTo(0x3f);
    assertThat(read(0x128)).isEqualTo(0x133);
    assertThat(read(0x124)).isEqualTo(0x101);
    assertThat(read(0x1a4)).isEqualTo(0xeb140101);
    assertThat(read(0x228)).as("nothing on port 2").isZero();
  }

  @Test
  void identityComesByProgrammedTransfer() {
    slot(0, 0xec, 0, 0, 0, BUFFER, 512);
    write(0x138, 1);
    assertThat(read(0x138)).isZero();
    assertThat(read(0x110)).as("PIO setup").isEqualTo(2);
    assertThat(pc.peek(RECEIVED + 0x20) & 0xff).isEqualTo(0x5f);
    assertThat(pc.peek(LIST + 4)).as("bytes moved").isEqualTo(512);
    assertThat(pc.lines[16 + 3].level).isTrue();
    assertThat(pc.peek(BUFFER + 150, 2)).as("queue depth").containsExactly(31, 0);
    write(0x110, -1);
    write(0x08, -1);
    assertThat(pc.lines[16 + 3].level).isFalse();
  }

  @Test
  void sectorsAreReadAndWritten() {
    slot(0, 0x25, 3, 7, 0, BUFFER, 512, BUFFER + 0x1000, 1024);
    write(0x138, 1);
    assertThat(pc.peek(BUFFER, 512)).isEqualTo(pc.serialDisk.sector(7));
    assertThat(pc.peek(BUFFER + 0x1200, 512)).isEqualTo(pc.serialDisk.sector(9));
    assertThat(pc.peek(RECEIVED + 0x40) & 0xff).isEqualTo(0x34);
    slot(0, 0x35, 1, 40, 0, BUFFER + 0x1200, 512);
    write(0x138, 1);
    assertThat(pc.serialDisk.sector(40)).isEqualTo(pc.serialDisk.sector(9));
  }

  @Test
  void queuedCommandsRunAtTheSameTime() {
    pc.ahci.pause();
    for (int i = 0; i < 4; i++) {
      slot(i, 0x60, i << 3, 10 + i, 1, BUFFER + 512 * i, 512);
      write(0x134, 1 << i);
      write(0x138, 1 << i);
    }
    assertThat(read(0x138)).as("all accepted").isZero();
    assertThat(read(0x134)).isEqualTo(0xf);
    pc.ahci.resume();
    assertThat(read(0x134)).isZero();
    assertThat(read(0x110) & 8).as("device bits").isEqualTo(8);
    byte[] expected = Arrays.copyOfRange(pc.serialDisk.content, 5120, 5120 + 2048);
    assertThat(pc.peek(BUFFER, 2048)).isEqualTo(expected);
  }

  @Test
  void aFailureStopsThePortUntilItIsStartedAgain() {
    slot(0, 0x25, 1, 5000, 0, BUFFER, 512);
    slot(1, 0x25, 1, 0, 0, BUFFER, 512);
    write(0x138, 3);
    assertThat(read(0x110) & 0x40000000).isNotZero();
    assertThat(read(0x120) & 0xff01).isEqualTo(0x1401);
    assertThat(read(0x138)).isEqualTo(3);
    write(0x118, 0x10);
    assertThat(read(0x138)).isZero();
    write(0x118, 0x11);
    write(0x138, 2);
    assertThat(read(0x138)).isZero();
    assertThat(pc.peek(BUFFER, 512)).isEqualTo(pc.serialDisk.sector(0));
  }

  @Test
  void theLogTellsWhichQueuedCommandFailed() {
    pc.serialDisk.failure = BlockRequest.Result.IO_ERROR;
    slot(5, 0x60, 5 << 3, 99, 1, BUFFER, 512);
    write(0x134, 1 << 5);
    write(0x138, 1 << 5);
    assertThat(read(0x110) & 0x40000000).isNotZero();
    assertThat(read(0x134)).isEqualTo(1 << 5);
    pc.serialDisk.failure = BlockRequest.Result.OK;
    write(0x118, 0x10);
    write(0x118, 0x11);
    slot(0, 0x2f, 1, 0x10, 0, BUFFER, 512);
    write(0x138, 1);
    byte[] log = pc.peek(BUFFER, 512);
    assertThat(log[0]).as("tag").isEqualTo((byte) 5);
    assertThat(log[4]).as("place").isEqualTo((byte) 99);
  }

  @Test
  void trimmedRangesReadAsZeroes() {
    pc.poke(BUFFER, 20, 2 << 16);
    slot(0, 0x06, 1, 0, 1, BUFFER, 512);
    write(0x138, 1);
    assertThat(read(0x120) & 1).isZero();
    assertThat(pc.serialDisk.sector(20)).containsOnly(0);
    assertThat(pc.serialDisk.sector(21)).containsOnly(0);
    assertThat(pc.serialDisk.sector(22)).isNotEqualTo(new byte[512]);
  }

  @Test
  void packetsReachADisc() {
    int[] command = {0xa0, 0, 1};
    slot(1, 0, command, 0, new int[] {0x28, 0, 0, 0, 0, 2, 0, 0, 1}, BUFFER, 2048);
    write(0x1b8, 1);
    assertThat(read(0x1a0) & 1).as("attention").isEqualTo(1);
    write(0x198, 0x10);
    write(0x198, 0x11);
    slot(1, 0, command, 0, new int[] {0x28, 0, 0, 0, 0, 2, 0, 0, 1}, BUFFER, 2048);
    write(0x1b8, 1);
    assertThat(read(0x1b8)).isZero();
    byte[] expected = Arrays.copyOfRange(pc.serialDisc.content, 4096, 6144);
    assertThat(pc.peek(BUFFER, 2048)).isEqualTo(expected);
  }

  @Test
  void listsOutsideMemoryAreAnError() {
    write(0x100, 0xe0000000);
    write(0x138, 1);
    assertThat(read(0x110) & 0x20000000).isNotZero();
  }

  @Test
  void messagesReplaceTheLine() {
    int msi = 0x40;
    pc.ahci.writeConfig(msi + 4, 4, 0xfee00000);
    pc.ahci.writeConfig(msi + 12, 2, 0x41);
    pc.ahci.writeConfig(msi + 2, 2, 1);
    slot(0, 0xec, 0, 0, 0, BUFFER, 512);
    write(0x138, 1);
    assertThat(pc.messages).containsExactly(0xfee00000L + ":65");
    assertThat(pc.lines[16 + 3].level).isFalse();
  }
}
