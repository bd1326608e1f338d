package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RamLayoutTest {

  private static final long GIB = 1L << 30;

  private static RamLayout layout() {
    return new RamLayout(
        List.of(
            MemoryRange.ram(0, 0xa0000),
            MemoryRange.ram(0x100000, 3 * GIB - 0x100000),
            MemoryRange.reserved(3 * GIB, GIB),
            MemoryRange.ram(4 * GIB, GIB)));
  }

  @Test
  void countsMemory() {
    assertThat(layout().ramSize()).isEqualTo(4 * GIB - 0x60000);
    assertThat(layout().lowerRam()).isEqualTo(0xa0000);
    assertThat(layout().upperRam()).isEqualTo(3 * GIB - 0x100000);
  }

  @Test
  void placesAsHighAsTheCeilingAllows() {
    assertThat(layout().highest(4097, 8 * GIB)).isEqualTo(5 * GIB - 8192);
    assertThat(layout().highest(4097, 4 * GIB)).isEqualTo(3 * GIB - 8192);
    assertThat(layout().highest(4096, 0x80000000L)).isEqualTo(0x80000000L - 4096);
    assertThat(layout().highest(4096, 0x100fff)).isEqualTo(-1);
  }

  @Test
  void placesAroundWhatIsTaken() {
    RamLayout layout = layout();
    layout.take(2 * GIB, GIB);
    layout.take(GIB, 0x1000);
    assertThat(layout.highest(0x1000, 4 * GIB)).isEqualTo(2 * GIB - 0x1000);
    assertThat(layout.highest(GIB, 4 * GIB)).isEqualTo(-1);
    assertThat(layout.highest(GIB - 0x100000, 4 * GIB)).isEqualTo(GIB + 0x100000);
    assertThat(layout.lowest(GIB, 0x100000, 4 * GIB)).isEqualTo(-1);
    assertThat(layout.lowest(0x2000, GIB - 0x1000, 4 * GIB)).isEqualTo(GIB + 0x1000);
  }

  @Test
  void knowsWhatIsRam() {
    assertThat(layout().isRam(0, 0xa0000)).isTrue();
    assertThat(layout().isRam(0, 0xa0001)).isFalse();
    assertThat(layout().isRam(0xa0000, 1)).isFalse();
    assertThat(layout().isRam(0x100000, Long.MAX_VALUE)).isFalse();
    assertThat(layout().isRam(-1, 1)).isFalse();
  }

  @Test
  void mapsAreOrdered() {
    assertThatThrownBy(() ->
            new BootParameters(
                BootProtocol.AUTO,
                "",
                List.of(),
                List.of(MemoryRange.ram(0, 4096), MemoryRange.ram(4095, 1)),
                0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> MemoryRange.ram(Long.MAX_VALUE, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void showsSizes() {
    assertThat(Sizes.format(17)).isEqualTo("17 bytes");
    assertThat(Sizes.format(1 << 20)).isEqualTo("1 MiB");
    assertThat(Sizes.format(3L << 29)).isEqualTo("1.5 GiB");
  }
}
