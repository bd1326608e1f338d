package org.wardian.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
  @Test
  void ramStartsAtZeroAndIsEmpty() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      byte[] bytes = new byte[4096];
      memory.read((1 << 20) - 4096, bytes, 0, 4096);

      assertThat(bytes).containsOnly(0);
      assertThat(memory.frames()).isEqualTo(256);
      assertThat(memory.hostAddress(1 << 20)).isZero();
    }
  }

  @Test
  void ramThatDoesNotFitBelowThePciWindowContinuesAboveFourGibibytes() {
    try (GuestMemory memory = GuestMemory.withRam(GuestMemory.LOW_RAM_LIMIT + (1 << 20))) {
      assertThat(memory.region(GuestMemory.LOW_RAM_LIMIT - 1).base()).isZero();
      assertThat(memory.region(GuestMemory.LOW_RAM_LIMIT)).isNull();
      assertThat(memory.region(GuestMemory.HIGH_RAM_BASE).size()).isEqualTo(1 << 20);
      assertThat(memory.frame(GuestMemory.HIGH_RAM_BASE))
          .isEqualTo((int) (GuestMemory.LOW_RAM_LIMIT / GuestMemory.PAGE));
    }
  }

  @Test
  void whatIsWrittenIsRead() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      memory.write(0xfff, new byte[] {1, 2, 3}, 1, 2);
      byte[] read = new byte[4];
      memory.read(0xffe, read, 0, 4);

      assertThat(read).containsExactly(0, 2, 3, 0);
      assertThat(RawMemory.getShort(memory.hostAddress(0xfff))).isEqualTo((short) 0x0302);
    }
  }

  @Test
  void anAccessThatLeavesMemoryIsRefusedWhole() {
    try (GuestMemory memory = GuestMemory.withRam(4096)) {
      assertThatThrownBy(() -> memory.write(4095, new byte[] {7, 7}, 0, 2))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("0xfff");
      assertThatThrownBy(() -> memory.read(-1, new byte[1], 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(RawMemory.getByte(memory.hostAddress(4095))).isZero();
    }
  }

  @Test
  void regionsMayNotOverlap() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      assertThatThrownBy(() -> memory.addRegion(0xff000, 0x2000, false, "rom"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rom overlaps ram");
      assertThat(memory.addRegion(0xfff00000L, 0x1000, false, "rom").writable()).isFalse();
    }
  }

  @Test
  void sizesAreWholePages() {
    assertThatThrownBy(() -> GuestMemory.withRam(4095))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> GuestMemory.withRam(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void writesToCodeAreReportedPageByPage() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      List<String> seen = new ArrayList<>();
      memory.addCodeListener((address, length) -> seen.add("%x+%d".formatted(address, length)));
      memory.markCode(0x1000, 0);
      memory.markCode(0x2000, 0);

      memory.write(0xffe, new byte[6], 0, 6);
      memory.write(0x1ffe, new byte[4], 0, 4);
      memory.unmarkCode(0x1000, 0);
      memory.write(0x1000, new byte[1], 0, 1);

      assertThat(seen).containsExactly("1000+4", "1ffe+2", "2000+2");
    }
  }

  @Test
  void eachListenerHearsOfItsOwnPages() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      List<String> seen = new ArrayList<>();
      int a = memory.addCodeListener((address, length) -> seen.add("a %x".formatted(address)));
      GuestMemory.CodeListener second = (address, length) -> seen.add("b %x".formatted(address));
      int b = memory.addCodeListener(second);
      memory.markCode(0x1000, a);
      memory.markCode(0x1000, b);
      memory.markCode(0x2000, b);

      memory.write(0x1000, new byte[1], 0, 1);
      memory.write(0x2000, new byte[1], 0, 1);
      assertThat(seen).containsExactly("a 1000", "b 1000", "b 2000");
      assertThat(memory.isCodeOfOthers(0x1000, a)).isTrue();
      assertThat(memory.isCodeOfOthers(0x2000, b)).isFalse();

      memory.unmarkCode(0x1000, a);
      memory.write(0x1004, new byte[1], 0, 1);
      assertThat(seen).hasSize(4).endsWith("b 1004");
      memory.removeCodeListener(second);
      assertThat(memory.isCode(0x1000)).isFalse();
      assertThat(memory.isCode(0x2000)).isFalse();
      assertThat(memory.addCodeListener(second)).as("the number is given out again").isEqualTo(b);
    }
  }

  @Test
  void thereAreNoMoreThanSixtyFourListeners() {
    try (GuestMemory memory = GuestMemory.withRam(1 << 20)) {
      for (int n = 0; n < 64; n++) {
        int number = n;
        assertThat(memory.addCodeListener((address, length) -> seenBy(number))).isEqualTo(n);
      }
      assertThatThrownBy(() -> memory.addCodeListener((address, length) -> seenBy(64)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  private static void seenBy(int listener) {
    throw new AssertionError("listener " + listener + " was told of what it did not mark");
  }
}
