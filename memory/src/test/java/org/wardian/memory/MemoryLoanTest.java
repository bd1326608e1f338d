package org.wardian.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryLoanTest {
  private static final int PAGE = GuestMemory.PAGE;

  @Test
  void readsAndWritesWhatTheGuestSees() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      memory.write(0x1ffe, new byte[] {1, 2, 3, 4}, 0, 4);
      try (MemoryLoan loan = memory.lend(0x1ffe, 4)) {
        assertThat(loan.buffer().getInt(0)).isEqualTo(0x04030201);
        loan.buffer().putInt(0, 0x0a0b0c0d);
        loan.written(0, 4);
      }
      byte[] seen = new byte[4];
      memory.read(0x1ffe, seen, 0, 4);
      assertThat(seen).containsExactly(0x0d, 0x0c, 0x0b, 0x0a);
    }
  }

  @Test
  void aFileFillsIt(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("disk"), "sector".getBytes("US-ASCII"));
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        MemoryLoan loan = memory.lend(0x3000, 6)) {
      assertThat(channel.read(loan.buffer(), 0)).isEqualTo(6);
      byte[] seen = new byte[6];
      memory.read(0x3000, seen, 0, 6);
      assertThat(new String(seen, "US-ASCII")).isEqualTo("sector");
    }
  }

  @Test
  void reportsEveryPageThatHoldsCodeOrIsClean() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      List<Long> heard = new ArrayList<>();
      memory.addCodeListener((address, length) -> heard.add(address * 0x1_0000 + length));
      memory.markCode(0x2000, 0);
      memory.markCode(0x4000, 0);
      memory.startDirtyLog();
      try (MemoryLoan loan = memory.lend(0x1800, 0x3000)) {
        loan.written(0x400, 0x2800);
      }
      assertThat(heard).containsExactly(0x2000L * 0x1_0000 + 0x1000, 0x4000L * 0x1_0000 + 0x400);
      List<Long> dirty = new ArrayList<>();
      memory.collectDirty((region, bits) -> dirty.add(bits[0]));
      assertThat(dirty).containsExactly(0b11110L);
    }
  }

  @Test
  void staysMappedWhenTheRegionGoes() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      GuestMemory.Region region = memory.addRegion(0x100_0000, PAGE, true, "card");
      MemoryLoan loan = memory.lend(0x100_0000, PAGE);
      memory.removeRegion(region);
      ByteBuffer buffer = loan.buffer();
      buffer.put(0, (byte) 7);
      loan.written(0, 1);
      assertThat(buffer.get(0)).isEqualTo((byte) 7);
      loan.close();
      loan.close();
    }
  }

  @Test
  void refusesWhatIsNotInOneRegion() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      assertThatThrownBy(() -> memory.lend(15 * PAGE, 2 * PAGE))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> memory.lend(0x1_0000_0000L, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> memory.lend(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void isReadAndWrittenByWidth() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE);
        MemoryLoan loan = memory.lend(0x1000, 16)) {
      loan.putInt(0, 0x8123_4567);
      loan.putShort(4, 0xfedc);
      loan.putShortVolatile(6, 0xba98);
      assertThat(loan.getLong(0)).isEqualTo(0xba98_fedc_8123_4567L);
      assertThat(loan.getInt(0)).isEqualTo(0x8123_4567);
      assertThat(loan.getShort(4)).isEqualTo(0xfedc);
      assertThat(loan.getShortVolatile(6)).isEqualTo(0xba98);
      loan.write(8, new byte[] {1, 2, 3}, 1, 2);
      byte[] seen = new byte[3];
      loan.read(8, seen, 1, 2);
      assertThat(seen).containsExactly(0, 2, 3);
      assertThat(loan.length()).isEqualTo(16);
      assertThat(loan.writable()).isTrue();
    }
  }

  @Test
  void nothingBeyondItIsTouched() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      MemoryLoan loan = memory.lend(0x1000, 6);
      assertThatThrownBy(() -> loan.getInt(3)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> loan.putShort(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> loan.write(4, new byte[3], 0, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> loan.written(0, 7)).isInstanceOf(IndexOutOfBoundsException.class);
      loan.close();
      assertThatThrownBy(() -> loan.getShort(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void discardedPagesReadAsZero() {
    try (GuestMemory memory = GuestMemory.withRam(16 * PAGE)) {
      memory.write(0x1ffe, new byte[] {1, 2, 3, 4}, 0, 4);
      List<Long> heard = new ArrayList<>();
      memory.addCodeListener((address, length) -> heard.add(address));
      memory.markCode(0x2000, 0);
      memory.discard(0x2000, 2 * PAGE);
      byte[] seen = new byte[4];
      memory.read(0x1ffe, seen, 0, 4);
      assertThat(seen).containsExactly(1, 2, 0, 0);
      assertThat(heard).containsExactly(0x2000L);
      memory.addRegion(0x100_0000, PAGE, false, "rom");
      assertThatThrownBy(() -> memory.discard(0x100_0000, PAGE))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> memory.discard(0x10, PAGE))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> memory.discard(15 * PAGE, 2 * PAGE))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
