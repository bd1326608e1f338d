package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestDeviceTest {
  private final TestBoard board = new TestBoard(1);

  @Test
  void theExitPortEndsWithAStatus() {
    board.ports.write(0xf4, 1, 0);
    board.ports.write(0xf4, 4, 0x11);
    board.ports.write(0xf4, 2, 0xff);
    assertThat(board.power.requests).containsExactly("exit 1", "exit 35", "exit 255");
  }

  @Test
  void theLatchIsOneForAllSizes() {
    board.ports.write(0xe0, 4, 0x44332211L);
    assertThat(board.ports.read(0xe0, 4)).isEqualTo(0x44332211L);
    assertThat(board.ports.read(0xe0, 2)).isEqualTo(0x2211);
    assertThat(board.ports.read(0xe3, 1)).isEqualTo(0x44);
    board.ports.write(0xe1, 1, 0xaa);
    board.ports.write(0xe2, 2, 0xbbcc);
    assertThat(board.ports.read(0xe0, 4)).isEqualTo(0xbbccaa11L);
  }

  @Test
  void theByteLatchTakesWideAccessesInPieces() {
    board.ports.write(0xe8, 1, 0x5a);
    assertThat(board.ports.read(0xe8, 1)).isEqualTo(0x5a);
    board.ports.write(0xe8, 4, 0x01020304);
    assertThat(board.ports.read(0xe8, 2)).isEqualTo(0x0304);
  }

  @Test
  void theEmptyPortDoesNothing() {
    board.ports.write(0xe4, 4, 0xffffffffL);
    assertThat(board.ports.read(0xe4, 1)).isZero();
  }

  @Test
  void interruptPortsDriveTheirLines() {
    TestProcessor processor = board.processors.getFirst().enabled();
    board.memory.write(IoApic.BASE, 4, 0x10 + 2 * 14);
    board.memory.write(IoApic.BASE + 0x10, 4, 0x8076);
    board.ports.write(0x2000 + 14, 1, 1);
    assertThat(processor.apic.acknowledge()).isEqualTo(0x76);
    board.ports.write(0x2000 + 14, 1, 0);
    processor.endOfInterrupt();
    assertThat(processor.pending).isFalse();
  }

  @Test
  void theMemoryWindowKeepsWhatIsWritten() {
    board.memory.write(0xff000000L, 8, 0x8877665544332211L);
    board.memory.write(0xff00fffcL, 4, 0xcafe);
    assertThat(board.memory.read(0xff000003L, 4)).isEqualTo(0x77665544L);
    assertThat(board.memory.read(0xff00fffcL, 8)).isEqualTo(0xffffffff_0000cafeL);
    board.testDevice.reset();
    assertThat(board.memory.read(0xff000000L, 8)).isZero();
  }
}
