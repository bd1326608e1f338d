package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** INTx through the I/O APIC, MSI and MSI-X through the APIC bus. */
class PciInterruptTest {
  private static final int COMMAND = 4;
  private static final int MEMORY = 2;
  private static final int MASTER = 4;
  private static final int INTX_DISABLE = 0x400;
  private static final int MSI = PciProbe.MSI_CAPABILITY;
  private static final int MSIX = PciProbe.MSIX_CAPABILITY;
  private static final long TABLE = 0xe0000000L;
  private static final int MESSAGE = 0xfee00000;

  private final TestBoard board = new TestBoard(1);
  private final TestProcessor processor = board.processors.getFirst().enabled();
  private final PciProbe probe = board.probe;

  @BeforeEach
  void enable() {
    probe.writeConfig(PciProbe.MSIX_BAR, 4, (int) TABLE);
    probe.writeConfig(COMMAND, 2, MEMORY | MASTER);
  }

  private void routeIntx() {
    int pin = PciHost.gsi(4, 0);
    board.memory.write(IoApic.BASE, 4, 0x10 + 2 * pin);
    board.memory.write(IoApic.BASE + 0x10, 4, 0x8051);
  }

  @Test
  void slotsAndPinsSpreadOverEightInterrupts() {
    assertThat(PciHost.gsi(0, 0)).isEqualTo(16);
    assertThat(PciHost.gsi(4, 0)).isEqualTo(20);
    assertThat(PciHost.gsi(31, 3)).isEqualTo(18);
  }

  @Test
  void intxIsALevel() {
    routeIntx();
    probe.assertInterrupt(true);
    assertThat(probe.readConfig(6, 2) & 8).isEqualTo(8);
    assertThat(processor.apic.acknowledge()).isEqualTo(0x51);
    processor.endOfInterrupt();
    assertThat(processor.apic.acknowledge()).isEqualTo(0x51);
    probe.assertInterrupt(false);
    processor.endOfInterrupt();
    assertThat(processor.pending).isFalse();
  }

  @Test
  void intxCanBeDisabled() {
    routeIntx();
    probe.writeConfig(COMMAND, 2, INTX_DISABLE);
    probe.assertInterrupt(true);
    assertThat(processor.pending).isFalse();
    assertThat(probe.readConfig(6, 2) & 8).isEqualTo(8);
    probe.writeConfig(COMMAND, 2, 0);
    assertThat(processor.pending).isTrue();
  }

  @Test
  void functionsShareAnInterrupt() {
    routeIntx();
    PciProbe other = new PciProbe();
    board.pci.attach(12, 0, other);
    probe.assertInterrupt(true);
    other.assertInterrupt(true);
    probe.assertInterrupt(false);
    processor.apic.acknowledge();
    processor.endOfInterrupt();
    assertThat(processor.pending).isTrue();
    other.assertInterrupt(false);
    processor.apic.acknowledge();
    processor.endOfInterrupt();
    assertThat(processor.pending).isFalse();
  }

  private void enableMsi(int log2Vectors) {
    probe.writeConfig(MSI + 4, 4, MESSAGE);
    probe.writeConfig(MSI + 12, 2, 0x61);
    probe.writeConfig(MSI + 2, 2, 1 | log2Vectors << 4);
  }

  @Test
  void msiSaysWhatItCan() {
    assertThat(probe.readConfig(MSI + 2, 2)).isEqualTo(0x184);
    assertThat(probe.msi.enabled()).isFalse();
    probe.msi.send(0);
    enableMsi(0);
    assertThat(probe.msi.enabled()).isTrue();
    assertThat(processor.pending).isFalse();
  }

  @Test
  void msiVectorsFillTheLowBitsOfTheData() {
    enableMsi(2);
    for (int vector = 0; vector < 4; vector++) {
      probe.msi.send(vector);
      assertThat(processor.takeAll()).containsExactly(0x60 | vector);
    }
    enableMsi(0);
    probe.msi.send(3);
    assertThat(processor.takeAll()).as("one granted").containsExactly(0x61);
    assertThatThrownBy(() -> probe.msi.send(4)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void maskedMsiWaits() {
    enableMsi(2);
    probe.writeConfig(MSI + 16, 4, -1);
    assertThat(probe.readConfig(MSI + 16, 4)).isEqualTo(0xf);
    probe.msi.send(1);
    probe.msi.send(2);
    assertThat(probe.readConfig(MSI + 20, 4)).isEqualTo(6);
    assertThat(processor.pending).isFalse();
    probe.writeConfig(MSI + 16, 4, 4);
    assertThat(processor.takeAll()).containsExactly(0x61);
    assertThat(probe.readConfig(MSI + 20, 4)).isEqualTo(4);
  }

  @Test
  void onlyABusMasterSendsMessages() {
    enableMsi(0);
    probe.writeConfig(COMMAND, 2, 0);
    probe.msi.send(0);
    assertThat(processor.pending).isFalse();
  }

  private void entry(int vector, int data, int control) {
    board.memory.write(TABLE + 16 * vector, 4, MESSAGE);
    board.memory.write(TABLE + 16 * vector + 4, 4, 0);
    board.memory.write(TABLE + 16 * vector + 8, 8, data | (long) control << 32);
  }

  @Test
  void msixSaysWhatItCan() {
    assertThat(probe.readConfig(MSIX + 2, 2)).isEqualTo(2);
    assertThat(probe.readConfig(MSIX + 4, 4)).isEqualTo(PciProbe.MSIX_BAR_INDEX);
    assertThat(probe.readConfig(MSIX + 8, 4)).isEqualTo(0x800 | PciProbe.MSIX_BAR_INDEX);
    assertThat(board.memory.read(TABLE + 12, 4)).as("masked at first").isEqualTo(1);
    assertThat(board.memory.read(TABLE + 8, 8)).isEqualTo(1L << 32);
    assertThat(board.memory.read(TABLE + 0x30, 4)).as("past the last vector").isZero();
  }

  @Test
  void msixVectorsHaveTheirOwnMessages() {
    probe.writeConfig(MSIX + 2, 2, 0x8000);
    entry(0, 0x71, 0);
    entry(2, 0x85, 0);
    probe.msix.send(2);
    assertThat(processor.takeAll()).containsExactly(0x85);
    probe.msix.send(0);
    assertThat(processor.takeAll()).containsExactly(0x71);
    assertThat(board.memory.read(TABLE + 0x28, 4)).isEqualTo(0x85);
    assertThatThrownBy(() -> probe.msix.send(3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void maskedMsixWaits() {
    probe.writeConfig(MSIX + 2, 2, 0xc000);
    entry(1, 0x71, 1);
    probe.msix.send(1);
    assertThat(board.memory.read(TABLE + 0x800, 4)).isEqualTo(2);
    probe.writeConfig(MSIX + 2, 2, 0x8000);
    assertThat(processor.pending).isFalse();
    board.memory.write(TABLE + 0x1c, 4, 0);
    assertThat(processor.takeAll()).containsExactly(0x71);
    assertThat(board.memory.read(TABLE + 0x800, 4)).isZero();
    probe.writeConfig(MSIX + 2, 2, 0xc000);
    probe.msix.send(1);
    assertThat(processor.pending).isFalse();
    probe.writeConfig(MSIX + 2, 2, 0x8000);
    assertThat(processor.takeAll()).containsExactly(0x71);
  }

  @Test
  void msixIsSilentWhileOff() {
    entry(0, 0x71, 0);
    probe.msix.send(0);
    probe.writeConfig(MSIX + 2, 2, 0x8000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void pendingBitsAndHalfEntriesCannotBeWritten() {
    board.memory.write(TABLE + 0x800, 4, -1);
    board.memory.write(TABLE + 12, 2, 0);
    board.memory.write(TABLE + 12, 4, 0xfffffff1L);
    assertThat(board.memory.read(TABLE + 0x800, 4)).isZero();
    assertThat(board.memory.read(TABLE + 12, 4)).isEqualTo(1);
  }
}
