package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoVectorsTest {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(64);

  @AfterEach
  void close() {
    arena.close();
  }

  /** Three runs, of 4, 8 and 2 bytes, that do not touch. */
  private IoVectors vectors() {
    long at = memory.address();
    return new IoVectors(new long[] {at, 4, at + 16, 8, at + 40, 2}, 3);
  }

  private byte[] bytes() {
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void countsWhatIsLeft() {
    IoVectors vectors = vectors();
    assertThat(vectors.remaining()).isEqualTo(14);
    vectors.skip(4);
    assertThat(vectors.count()).isEqualTo(2);
    vectors.skip(3);
    assertThat(vectors.remaining()).isEqualTo(7);
    assertThat(vectors.count()).isEqualTo(2);
    vectors.skip(7);
    assertThat(vectors.remaining()).isZero();
    assertThat(vectors.count()).isZero();
    vectors.skip(0);
  }

  @Test
  void aPartIsAListOfItsOwn() {
    IoVectors vectors = vectors();
    vectors.skip(2);
    IoVectors part = vectors.take(5);
    assertThat(part.remaining()).isEqualTo(5);
    part.putZeroes(2);
    fill(part, 1);
    fill(vectors, 2);
    byte[] seen = bytes();
    assertThat(Arrays.copyOfRange(seen, 0, 4)).containsExactly(0, 0, 0, 0);
    assertThat(Arrays.copyOfRange(seen, 16, 25)).containsExactly(1, 1, 1, 2, 2, 2, 2, 2, 0);
    assertThat(Arrays.copyOfRange(seen, 40, 43)).containsExactly(2, 2, 0);
  }

  private static void fill(IoVectors vectors, int value) {
    for (ByteBuffer buffer : vectors.buffers()) {
      while (buffer.hasRemaining()) {
        buffer.put((byte) value);
      }
    }
  }

  @Test
  void zeroesReachOverRuns() {
    memory.fill((byte) 7);
    IoVectors vectors = vectors();
    vectors.skip(1);
    vectors.putZeroes(12);
    byte[] seen = bytes();
    assertThat(Arrays.copyOfRange(seen, 0, 6)).containsExactly(7, 0, 0, 0, 7, 7);
    assertThat(Arrays.copyOfRange(seen, 16, 25)).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 7);
    assertThat(Arrays.copyOfRange(seen, 40, 43)).containsExactly(0, 7, 7);
    assertThat(vectors.remaining()).isEqualTo(1);
  }

  @Test
  void moreThanThereIsIsRefused() {
    IoVectors vectors = vectors();
    assertThatThrownBy(() -> vectors.skip(15)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> vectors.take(15)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> vectors.putZeroes(15)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> vectors.skip(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(vectors.remaining()).isEqualTo(14);
  }

  @Test
  void aFileFillsThemAndIsWrittenFromThem(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("file");
    Files.write(path, new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    HostFile file = HostFile.open(path, true);
    try {
      IoVectors vectors = vectors();
      assertThat(file.read(1, vectors, 9)).isEqualTo(9);
      assertThat(vectors.remaining()).isEqualTo(14);
      assertThat(Arrays.copyOfRange(bytes(), 16, 24)).containsExactly(5, 6, 7, 8, 9, 0, 0, 0);
      vectors.skip(5);
      assertThat(file.write(0, vectors, 4)).isEqualTo(4);
      assertThat(Files.readAllBytes(path)).startsWith(6, 7, 8, 9, 4, 5);
    } finally {
      file.close();
    }
  }
}
