package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.bus.IoHandler;

/** Base address registers move windows on the buses. */
class PciBarTest {
  private static final int COMMAND = 4;
  private static final int IO = 1;
  private static final int MEMORY = 2;

  private final TestBoard board = new TestBoard(1);
  private final PciFunction probe = board.probe;

  private long size(int bar) {
    probe.writeConfig(bar, 4, -1);
    return probe.readConfig(bar, 4);
  }

  @Test
  void registersShowTheirSizeAndType() {
    assertThat(size(PciProbe.IO_BAR)).isEqualTo(0xffffffe1L);
    assertThat(size(PciProbe.MEMORY_BAR)).isEqualTo(0xfffff000L);
    assertThat(size(PciProbe.WIDE_BAR)).isEqualTo(0xcL);
    assertThat(size(PciProbe.WIDE_BAR + 4)).isEqualTo(0xfffffffeL);
    assertThat(size(0x24)).isZero();
    assertThat(size(0x30)).as("no expansion ROM").isZero();
  }

  @Test
  void ioWindowsAppearWhereTheyArePutWhenDecoded() {
    probe.writeConfig(PciProbe.IO_BAR, 4, 0xc000);
    assertThat(board.in(0xc010)).isEqualTo(0xff);
    probe.writeConfig(COMMAND, 2, MEMORY);
    assertThat(board.in(0xc010)).isEqualTo(0xff);
    probe.writeConfig(COMMAND, 2, IO);
    assertThat(board.in(0xc010)).isEqualTo(0x10);
    probe.writeConfig(PciProbe.IO_BAR, 4, 0xc100);
    assertThat(board.in(0xc010)).isEqualTo(0xff);
    assertThat(board.in(0xc11f)).isEqualTo(0x10);
    probe.writeConfig(COMMAND, 2, 0);
    assertThat(board.in(0xc11f)).isEqualTo(0xff);
  }

  @Test
  void memoryWindowsTakeWrites() {
    probe.writeConfig(PciProbe.MEMORY_BAR, 4, 0xe0000000);
    probe.writeConfig(COMMAND, 2, MEMORY);
    assertThat(board.memory.read(0xe0000ffcL, 4)).isEqualTo(0x20);
    board.memory.write(0xe0000000L, 4, 77);
    assertThat(board.probe.latch).isEqualTo(77);
  }

  @Test
  void wideWindowsLieAbove4G() {
    probe.writeConfig(COMMAND, 2, MEMORY);
    probe.writeConfig(PciProbe.WIDE_BAR, 4, 0);
    probe.writeConfig(PciProbe.WIDE_BAR + 4, 4, 0x20);
    assertThat(board.memory.read(0x20_00000000L, 4)).isEqualTo(0x30);
    assertThat(board.memory.read(0x21_fffffffcL, 4)).isEqualTo(0x30);
    assertThat(board.memory.read(0x22_00000000L, 4)).isEqualTo(0xffffffffL);
  }

  @Test
  void sizingWhileDecodedMapsNothing() {
    probe.writeConfig(COMMAND, 2, IO | MEMORY);
    int before = board.memory.windows().size();
    size(PciProbe.MEMORY_BAR);
    size(PciProbe.WIDE_BAR);
    size(PciProbe.IO_BAR);
    assertThat(board.memory.windows()).hasSize(before);
  }

  @Test
  void aWindowOverAnotherIsNotMapped() {
    probe.writeConfig(COMMAND, 2, IO | MEMORY);
    probe.writeConfig(PciProbe.MEMORY_BAR, 4, (int) IoApic.BASE);
    board.memory.write(IoApic.BASE, 4, 1);
    assertThat(board.memory.read(IoApic.BASE + 0x10, 4)).isEqualTo(0x00170011);
    probe.writeConfig(PciProbe.MEMORY_BAR, 4, 0xe0000000);
    assertThat(board.memory.read(0xe0000000L, 1)).isEqualTo(0x20);
  }

  @Test
  void windowsBeyondTheirSpaceOrAtZeroAreNotMapped() {
    probe.writeConfig(COMMAND, 2, IO | MEMORY);
    int before = board.ports.windows().size();
    probe.writeConfig(PciProbe.IO_BAR, 4, 0x1_c000);
    assertThat(board.ports.windows()).hasSize(before);
    assertThat(board.memory.read(0, 4)).isEqualTo(0xffffffffL);
  }

  @Test
  void resetTakesWindowsAway() {
    probe.writeConfig(PciProbe.IO_BAR, 4, 0xc000);
    probe.writeConfig(COMMAND, 2, IO);
    board.pci.reset();
    assertThat(board.in(0xc000)).isEqualTo(0xff);
  }

  @Test
  void impossibleRegistersAreRefused() {
    IoHandler handler = new PostPort();
    assertThatThrownBy(() -> new Declaring().memoryBar(6, 4096, handler))
        .hasMessageContaining("BAR 6");
    assertThatThrownBy(() -> new Declaring().memoryBar(0, 4095, handler))
        .hasMessageContaining("0xfff");
    assertThatThrownBy(() -> new Declaring().ioBar(0, 512, handler)).hasMessageContaining("0x200");
    assertThatThrownBy(() -> new Declaring().wideMemoryBar(5, 4096, handler))
        .hasMessageContaining("BAR 5");
    Declaring twice = new Declaring();
    twice.ioBar(0, 32, handler);
    assertThatThrownBy(() -> twice.ioBar(0, 32, handler)).hasMessageContaining("already");
  }

  private static final class Declaring extends PciFunction {
    Declaring() {
      super("declaring", 1, 2, 3, 4);
    }
  }

  @Test
  void aFunctionThatIsNotPluggedInKeepsItsRegisters() {
    Declaring function = new Declaring();
    function.ioBar(0, 32, new PostPort());
    function.writeConfig(PciProbe.IO_BAR, 4, 0xc000);
    function.writeConfig(COMMAND, 2, IO);
    assertThat(function.readConfig(PciProbe.IO_BAR, 4)).isEqualTo(0xc001);
  }
}
