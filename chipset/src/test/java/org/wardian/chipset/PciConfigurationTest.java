package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Both ways into configuration space, and what a header keeps. */
class PciConfigurationTest {
  private static final int PROBE = 4;

  private final TestBoard board = new TestBoard(1);

  private void select(int bus, int slot, int function, int register) {
    long address = 1L << 31 | bus << 16 | slot << 11 | function << 8 | register & 0xfc;
    board.ports.write(0xcf8, 4, address);
  }

  private long read(int slot, int register, int size) {
    select(0, slot, 0, register);
    return board.ports.read(0xcfc + (register & 3), size);
  }

  private void write(int slot, int register, int size, long value) {
    select(0, slot, 0, register);
    board.ports.write(0xcfc + (register & 3), size, value);
  }

  private static long ecam(int bus, int slot, int register) {
    return PciHost.ECAM_BASE + ((long) bus << 20) + (slot << 15) + register;
  }

  @Test
  void theBridgesIdentifyThemselves() {
    assertThat(read(0, 0, 4)).isEqualTo(0x29c08086L);
    assertThat(read(0, 8, 4)).isEqualTo(0x06000000L);
    assertThat(read(0, 0x60, 4)).isEqualTo(0xb0000001L);
    assertThat(read(1, 0, 4)).isEqualTo(0x70008086L);
    assertThat(read(1, 8, 4)).isEqualTo(0x06010000L);
  }

  @Test
  void allSizesAndOffsets() {
    assertThat(read(PROBE, 0, 2)).isEqualTo(0x1af4);
    assertThat(read(PROBE, 2, 2)).isEqualTo(0x10f0);
    assertThat(read(PROBE, 1, 1)).isEqualTo(0x1a);
    assertThat(read(PROBE, 0x2c, 4)).isEqualTo(0x11001af4L);
    assertThat(board.memory.read(ecam(0, PROBE, 0), 4)).isEqualTo(0x10f01af4L);
    assertThat(board.memory.read(ecam(0, PROBE, 3), 1)).isEqualTo(0x10);
  }

  @Test
  void bothWaysReachTheSameRegisters() {
    write(PROBE, 0x3c, 1, 0x0b);
    assertThat(board.memory.read(ecam(0, PROBE, 0x3c), 1)).isEqualTo(0x0b);
    board.memory.write(ecam(0, PROBE, 0x3c), 1, 0x17);
    assertThat(read(PROBE, 0x3c, 1)).isEqualTo(0x17);
  }

  @Test
  void absentFunctionsReadOnesAndTakeWrites() {
    assertThat(read(7, 0, 4)).isEqualTo(0xffffffffL);
    write(7, 0, 4, 0);
    select(1, 0, 0, 0);
    assertThat(board.ports.read(0xcfc, 2)).isEqualTo(0xffff);
    assertThat(board.memory.read(ecam(255, 31, 0xffc), 4)).isEqualTo(0xffffffffL);
    assertThat(board.memory.read(ecam(0, PROBE, 0x100), 4)).isEqualTo(0xffffffffL);
  }

  @Test
  void withoutTheEnableBitNothingIsSelected() {
    board.ports.write(0xcf8, 4, 0);
    assertThat(board.ports.read(0xcfc, 4)).isEqualTo(0xffffffffL);
  }

  @Test
  void theAddressTakesOnlyDoubleWords() {
    select(0, PROBE, 0, 0x3c);
    assertThat(board.ports.read(0xcf8, 4)).isEqualTo(0x8000203cL);
    board.ports.write(0xcf8, 2, 0);
    board.ports.write(0xcf8, 1, 0);
    assertThat(board.ports.read(0xcf8, 4)).isEqualTo(0x8000203cL);
  }

  @Test
  void bytesAtCf9AreTheResetControl() {
    board.out(0xcf9, 0x02);
    assertThat(board.in(0xcf9)).isEqualTo(0x02);
    assertThat(board.power.requests).isEmpty();
    board.out(0xcf9, 0x06);
    assertThat(board.power.requests).containsExactly("reset");
    board.out(0xcf9, 0x06);
    assertThat(board.power.requests).as("only a rising edge resets").hasSize(1);
  }

  @Test
  void identityIsReadOnly() {
    write(PROBE, 0, 4, 0);
    write(PROBE, 8, 4, -1);
    write(PROBE, 0x3d, 1, 0xff);
    assertThat(read(PROBE, 0, 4)).isEqualTo(0x10f01af4L);
    assertThat(read(PROBE, 8, 4)).isEqualTo(0xff000001L);
    assertThat(read(PROBE, 0x3d, 1)).isEqualTo(1);
    write(PROBE, 4, 4, -1);
    assertThat(read(PROBE, 4, 4)).isEqualTo(0x00100547L);
  }

  @Test
  void theCapabilityListIsLinked() {
    assertThat(read(PROBE, 0x34, 1)).isEqualTo(PciProbe.MSI_CAPABILITY);
    assertThat(read(PROBE, PciProbe.MSI_CAPABILITY, 2))
        .isEqualTo(PciProbe.MSIX_CAPABILITY << 8 | 5);
    assertThat(read(PROBE, PciProbe.MSIX_CAPABILITY, 2)).isEqualTo(0x11);
  }

  @Test
  void severalFunctionsInASlotShow() {
    assertThat(read(1, 0x0e, 1)).isZero();
    board.pci.attach(1, 3, new PciFunction("other", 1, 2, 0, 0));
    assertThat(read(1, 0x0e, 1)).isEqualTo(0x80);
    assertThatThrownBy(() -> board.pci.attach(1, 3, new PciFunction("third", 1, 2, 0, 0)))
        .hasMessage("PCI function 00:01.3 is taken by other");
    assertThatThrownBy(() -> board.pci.attach(32, 0, new PciFunction("third", 1, 2, 0, 0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void resetForgetsWhatTheGuestWrote() {
    write(PROBE, 4, 2, 7);
    write(PROBE, 0x3c, 1, 11);
    board.pci.reset();
    assertThat(read(PROBE, 4, 2)).isZero();
    assertThat(read(PROBE, 0x3c, 1)).isZero();
    assertThat(read(PROBE, 0, 4)).isEqualTo(0x10f01af4L);
  }
}
