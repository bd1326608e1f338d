package org.wardian.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScatteredLoanTest {
  private static final int PAGE = GuestMemory.PAGE;
  private static final long CARD = 0x100_0000;

  @Test
  void runsAreReadAndWrittenAsOne() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        ScatteredLoan loan = memory.lendScattered()) {
      loan.add(0x1ffe, 3);
      loan.add(0x5000, 2);
      loan.add(0x3000, 4);
      assertThat(loan.length()).isEqualTo(9);
      assertThat(loan.count()).isEqualTo(3);
      byte[] from = {1, 2, 3, 4, 5, 6, 7, 8};
      assertThat(loan.write(2, from, 1, 7)).isEqualTo(7);
      assertThat(loan.write(8, from, 0, 8)).isEqualTo(1);
      assertThat(bytes(memory, 0x2000, 1)).containsExactly(2);
      assertThat(bytes(memory, 0x5000, 3)).containsExactly(3, 4, 0);
      assertThat(bytes(memory, 0x3000, 5)).containsExactly(5, 6, 7, 1, 0);
      byte[] to = new byte[6];
      assertThat(loan.read(3, to, 1, 5)).isEqualTo(5);
      assertThat(to).containsExactly(0, 3, 4, 5, 6, 7);
      assertThat(loan.read(9, to, 0, 1)).isZero();
    }
  }

  @Test
  void whatContinuesARunBecomesPartOfIt() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        ScatteredLoan loan = memory.lendScattered()) {
      loan.add(0x1000, PAGE);
      loan.add(0x2000, 16);
      loan.add(0x2008, 8);
      assertThat(loan.count()).isEqualTo(2);
      assertThat(loan.address(0)).isEqualTo(0x1000);
      assertThat(loan.length(0)).isEqualTo(PAGE + 16);
      assertThat(loan.address(1)).isEqualTo(0x2008);
      assertThat(loan.length(1)).isEqualTo(8);
    }
  }

  @Test
  void viewsBeginAndEndWithinRuns() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        ScatteredLoan loan = memory.lendScattered()) {
      for (int i = 0; i < 9; i++) {
        loan.add(0x1000 + i * 0x100, 4);
      }
      List<ByteBuffer> buffers = loan.buffers(6, 8);
      assertThat(buffers).extracting(ByteBuffer::remaining).containsExactly(2, 4, 2);
      buffers.get(1).putInt(0, 0x0403_0201);
      assertThat(bytes(memory, 0x1200, 4)).containsExactly(1, 2, 3, 4);
      long base = memory.hostAddress(0);
      assertThat(loan.vectors(6, 8))
          .containsExactly(base + 0x1102, 2, base + 0x1200, 4, base + 0x1300, 2);
      assertThat(loan.vectors(5, 2)).containsExactly(base + 0x1101, 2);
      assertThat(loan.vectors(4, 0)).isEmpty();
      assertThat(loan.buffers(36, 1)).isEmpty();
      assertThatThrownBy(() -> loan.vectors(35, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void reportsEveryPageThatHoldsCodeOrIsClean() {
    try (GuestMemory memory = GuestMemory.withRam(2048L * PAGE)) {
      List<String> heard = new ArrayList<>();
      memory.addCodeListener((address, length) -> heard.add("%x+%x".formatted(address, length)));
      memory.markCode(0x3000, 0);
      memory.markCode(1024L * PAGE, 0);
      memory.markCode(1026L * PAGE, 0);
      memory.startDirtyLog();
      try (ScatteredLoan loan = memory.lendScattered()) {
        loan.add(1023L * PAGE + 16, 2 * PAGE);
        loan.add(0x2800, 0x1800);
        loan.written(PAGE, 2 * PAGE);
        assertThatThrownBy(() -> loan.written(0, 4 * PAGE))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThat(heard).containsExactly("400010+ff0", "3000+800");
      List<long[]> dirty = new ArrayList<>();
      memory.collectDirty((region, bits) -> dirty.add(bits.clone()));
      long[] expected = new long[32];
      expected[0] = 0b1100;
      expected[16] = 0b11;
      assertThat(dirty).containsExactly(expected);
    }
  }

  @Test
  void regionsStayMappedWhenTheyGo() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      GuestMemory.Region card = memory.addRegion(CARD, PAGE, true, "card");
      ScatteredLoan loan = memory.lendScattered();
      loan.add(0x1000, 1);
      loan.add(CARD, 2);
      loan.add(0x1001, 1);
      loan.add(CARD + 2, 2);
      memory.removeRegion(card);
      assertThat(loan.write(0, new byte[] {1, 2, 3, 4, 5, 6}, 0, 6)).isEqualTo(6);
      assertThat(bytes(memory, 0x1000, 2)).containsExactly(1, 4);
      assertThat(loan.buffers(4, 2).get(0).getShort(0)).isEqualTo((short) 0x0605);
      loan.close();
      loan.close();
      assertThatThrownBy(() -> memory.retain(card)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> loan.read(0, new byte[1], 0, 1))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void refusesWhatIsNotInOneRegion() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        ScatteredLoan loan = memory.lendScattered()) {
      memory.addRegion(16L * PAGE, PAGE, false, "rom");
      loan.add(15 * PAGE, PAGE);
      assertThat(loan.lastWritable()).isTrue();
      assertThatThrownBy(() -> loan.add(15 * PAGE, PAGE + 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> loan.add(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> loan.add(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
      loan.add(16 * PAGE, 4);
      assertThat(loan.lastWritable()).isFalse();
      assertThat(loan.count()).isEqualTo(2);
    }
  }

  private static byte[] bytes(GuestMemory memory, long address, int count) {
    byte[] seen = new byte[count];
    memory.read(address, seen, 0, count);
    return seen;
  }
}
