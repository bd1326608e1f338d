package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A saved state fits a board whose functions are where they were. */
class PciPlacesTest {
  private static TestBoard board(int cardSlot, int diskSlot) {
    TestBoard board = new TestBoard(1);
    board.pci.attach(cardSlot, 0, new PciFunction("net0", 0x1af4, 0x1041, 0x20000, 1));
    board.pci.attach(diskSlot, 0, new PciFunction("virtio-disk0", 0x1af4, 0x1042, 0x10000, 1));
    return board;
  }

  private static byte[] state(TestBoard board) {
    StateWriter out = new StateWriter();
    board.pci.save(out);
    return out.toByteArray();
  }

  @Test
  void theSamePlacesAreTaken() {
    byte[] state = state(board(7, 9));
    TestBoard other = board(7, 9);
    other.pci.load(new StateReader(state));
    assertThat(state(other)).isEqualTo(state);
  }

  @Test
  void otherPlacesAreRefusedWithTheirNames() {
    byte[] state = state(board(7, 9));
    assertThatThrownBy(() -> board(7, 10).pci.load(new StateReader(state)))
        .isInstanceOf(StateException.class)
        .hasMessage(
            "PCI slot 00:09.0 had virtio-disk0, here it has nothing; PCI slot 00:0a.0 had nothing,"
                + " here it has virtio-disk0");
    assertThatThrownBy(() -> board(9, 7).pci.load(new StateReader(state)))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("PCI slot 00:07.0 had net0, here it has virtio-disk0");
  }
}
