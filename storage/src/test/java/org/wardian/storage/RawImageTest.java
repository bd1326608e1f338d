package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.operation.ImageInfo;

/** Raw images: random requests, holes, sizes; by the host's calls and by Java's channel. */
class RawImageTest {
  private static final int SIZE = 4 << 20;
  private static final OpenOptions RAW = OpenOptions.readWrite().withFormat(ImageFormat.RAW);

  @TempDir Path folder;

  @Test
  void randomRequests() throws IOException {
    Path path = folder.resolve("disk.raw");
    Images.create(path, CreateOptions.raw(SIZE));
    RandomOperations operations = new RandomOperations(1, SIZE);
    try (BlockImage image = Images.open(path, RAW.withFlushed(false))) {
      operations.run(image, RandomOperations.count(1500));
      operations.verify(image);
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(operations.model());
  }

  @Test
  void randomRequestsByAChannel() throws IOException {
    Path path = folder.resolve("disk.raw");
    Files.write(path, new byte[SIZE]);
    RandomOperations operations = new RandomOperations(2, SIZE);
    FileStore file = ChannelStore.open(path, true, true);
    try (BlockImage image = RawImage.open(file, false, RAW)) {
      operations.run(image, 500);
      operations.verify(image);
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(operations.model());
  }

  @Test
  void holesAreExtentsAndDiscardMakesThem() throws IOException {
    Path path = folder.resolve("disk.raw");
    Images.create(path, CreateOptions.raw(64 << 20));
    try (BlockImage image = Images.open(path, RAW)) {
      assertThat(image.extent(0, 64 << 20))
          .isEqualTo(new Extent(0, 64 << 20, Extent.Kind.ZERO, 0, 0));
      byte[] content = new byte[1 << 20];
      java.util.Arrays.fill(content, (byte) 3);
      image.write(8 << 20, ByteBuffer.wrap(content));
      assertThat(image.extent(0, 64 << 20).length()).isEqualTo(8 << 20);
      assertThat(image.extent(8 << 20, 64 << 10).kind()).isEqualTo(Extent.Kind.DATA);
      image.discard(8 << 20, 1 << 20);
      assertThat(image.extent(8 << 20, 1 << 20).kind()).isEqualTo(Extent.Kind.ZERO);
      image.writeZeroes(16 << 20, 1 << 20, false);
      image.resize(128 << 20);
      assertThat(image.length()).isEqualTo(128 << 20);
    }
    assertThat(ImageInfo.of(path, RAW).stored()).isLessThan(2 << 20);
  }

  @Test
  void aLastSectorThatIsCutOffIsFilledByZeroes() throws IOException {
    Path path = folder.resolve("odd.raw");
    Files.write(path, new byte[] {1, 2, 3});
    try (BlockImage image = Images.open(path, RAW.withWritable(false))) {
      assertThat(image.length()).isEqualTo(512);
      ByteBuffer got = ByteBuffer.allocate(512);
      image.read(0, got);
      assertThat(got.get(2)).isEqualTo((byte) 3);
      assertThat(got.get(3)).isZero();
    }
  }
}
