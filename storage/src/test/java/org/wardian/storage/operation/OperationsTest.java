package org.wardian.storage.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.CreateOptions.Compression;
import org.wardian.storage.CreateOptions.Preallocation;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.RandomOperations;
import org.wardian.storage.qcow2.CheckReport;
import org.wardian.storage.qcow2.Qcow2Check;

/** What is done to whole images, with qemu-img as the judge. */
class OperationsTest {
  private static final int SIZE = 8 << 20;
  private static final OpenOptions READ = OpenOptions.readOnly();

  @TempDir Path folder;
  private Path raw;
  private byte[] content;

  @BeforeAll
  static void tools() {
    QemuTools.require();
  }

  @BeforeEach
  void source() throws IOException {
    content = new byte[SIZE];
    Random random = new Random(11);
    for (int at = 0; at < SIZE; at += 64 << 10) {
      switch (random.nextInt(3)) {
        case 0 -> {}
        case 1 -> java.util.Arrays.fill(content, at, at + 50_000, (byte) random.nextInt());
        default -> {
          for (int i = 0; i < 64 << 10; i++) {
            content[at + i] = (byte) random.nextInt(1 + random.nextInt(256));
          }
        }
      }
    }
    raw = Files.write(folder.resolve("source.raw"), content);
  }

  private void sound(Path image) {
    QemuTools.img("check", "-q", "-f", "qcow2", image);
    QemuTools.img("compare", "-q", "-f", "qcow2", "-F", "raw", image, raw);
  }

  private void convert(Path target, CreateOptions create, ImageConvert.Options options)
      throws IOException {
    try (BlockImage source = Images.open(raw, READ.withFormat(ImageFormat.RAW))) {
      ImageConvert.run(source, target, create, options, Progress.NONE);
    }
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void packedImagesAreQemusToo(Compression compression) throws IOException {
    Path packed = folder.resolve("packed.qcow2");
    CreateOptions create = CreateOptions.qcow2(-1).withCompression(compression);
    convert(packed, create, ImageConvert.Options.usual().withCompress(true));
    sound(packed);
    assertThat(Files.size(packed)).isLessThan(SIZE);
    try (BlockImage image = Images.open(packed, READ)) {
      assertThat(RandomOperations.content(image)).isEqualTo(content);
    }
    Path theirs = folder.resolve("theirs.qcow2");
    String type = "compression_type=" + compression.name().toLowerCase(java.util.Locale.ROOT);
    QemuTools.img("convert", "-c", "-o", type, "-O", "qcow2", raw, theirs);
    try (BlockImage image = Images.open(theirs, READ)) {
      assertThat(RandomOperations.content(image)).isEqualTo(content);
    }
    RandomOperations operations = new RandomOperations(9, SIZE);
    operations.model(content);
    try (BlockImage image = Images.open(theirs, OpenOptions.readWrite().withFlushed(false))) {
      operations.run(image, 200);
      operations.verify(image);
    }
    operations.save(raw);
    sound(theirs);
  }

  @Test
  void plainConversionsLeaveZeroesOut() throws IOException {
    Path target = folder.resolve("plain.qcow2");
    convert(target, CreateOptions.qcow2(-1), ImageConvert.Options.usual());
    sound(target);
    Path back = folder.resolve("back.raw");
    try (BlockImage source = Images.open(target, READ)) {
      ImageConvert.run(
          source, back, CreateOptions.raw(-1), ImageConvert.Options.usual(), Progress.NONE);
    }
    assertThat(Files.readAllBytes(back)).isEqualTo(content);
    assertThat(ImageInfo.of(target, READ).stored()).isLessThan(SIZE);
    assertThat(ImageInfo.of(back, READ).stored()).isLessThan(SIZE);
  }

  @Test
  void aConversionThatIsEndedLeavesNothing() {
    Path target = folder.resolve("ended.qcow2");
    assertThatThrownBy(
            () -> {
              try (BlockImage source = Images.open(raw, READ)) {
                ImageConvert.run(
                    source,
                    target,
                    CreateOptions.qcow2(-1),
                    ImageConvert.Options.usual(),
                    (done, total) -> done < total / 2);
              }
            })
        .isInstanceOf(CancellationException.class);
    assertThat(target).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(Preallocation.class)
  void roomIsTakenAheadAsAsked(Preallocation preallocation) throws IOException {
    Path path = folder.resolve("ahead.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE).withPreallocation(preallocation));
    QemuTools.img("check", "-q", path);
    long stored = ImageInfo.of(path, READ).stored();
    if (preallocation == Preallocation.FALLOC || preallocation == Preallocation.FULL) {
      assertThat(Files.size(path)).isGreaterThanOrEqualTo(SIZE);
    }
    if (preallocation == Preallocation.FULL) {
      assertThat(stored).isGreaterThanOrEqualTo(SIZE);
    }
    try (BlockImage image = Images.open(path, OpenOptions.readWrite())) {
      assertThat(RandomOperations.content(image)).isEqualTo(new byte[SIZE]);
      if (preallocation != Preallocation.OFF) {
        Extent extent = image.extent(0, SIZE);
        assertThat(extent.kind()).isEqualTo(Extent.Kind.DATA);
        assertThat(extent.hostOffset()).isPositive();
      }
    }
  }

  @Test
  void overlaysAreCommittedAndRebased() throws IOException {
    Path base = folder.resolve("base.qcow2");
    Path middle = folder.resolve("middle.qcow2");
    Path top = folder.resolve("top.qcow2");
    Images.create(base, CreateOptions.qcow2(SIZE));
    Images.create(middle, CreateOptions.qcow2(-1).withBacking("base.qcow2", null));
    Images.create(top, CreateOptions.qcow2(-1).withBacking("middle.qcow2", ImageFormat.QCOW2));
    RandomOperations operations = new RandomOperations(12, SIZE);
    for (Path layer : List.of(base, middle, top)) {
      try (BlockImage image = Images.open(layer, OpenOptions.readWrite().withFlushed(false))) {
        operations.run(image, 150);
      }
    }
    operations.save(raw);
    sound(top);
    assertThat(ImageInfo.chain(top, READ)).extracting(ImageInfo::path).hasSize(3);
    try (BlockImage image = Images.open(top, READ)) {
      List<Extent> map = ImageMap.of(image, Progress.NONE);
      assertThat(map.stream().mapToLong(Extent::length).sum()).isEqualTo(SIZE);
      assertThat(map).anyMatch(extent -> extent.depth() == 2);
    }
    ImageRebase.safe(top, READ, "base.qcow2", ImageFormat.QCOW2, Progress.NONE);
    sound(top);
    assertThat(ImageInfo.chain(top, READ)).hasSize(2);
    ImageCommit.run(top, READ, null, true, Progress.NONE);
    sound(top);
    sound(base);
    try (BlockImage image = Images.open(top, READ);
        BlockImage below = Images.open(base, READ)) {
      assertThat(image.extent(0, SIZE).depth()).isEqualTo(1);
      assertThat(ImageCompare.run(image, below, true, Progress.NONE).same()).isTrue();
    }
    ImageRebase.safe(top, READ, null, null, Progress.NONE);
    sound(top);
    Files.delete(base);
    sound(top);
  }

  @Test
  void aChainIsCommittedThroughToItsBase() throws IOException {
    Images.create(folder.resolve("a.raw"), CreateOptions.raw(SIZE / 2));
    Path middle = folder.resolve("b.qcow2");
    Path top = folder.resolve("c.qcow2");
    Images.create(middle, CreateOptions.qcow2(SIZE).withBacking("a.raw", ImageFormat.RAW));
    Images.create(top, CreateOptions.qcow2(-1).withBacking("b.qcow2", ImageFormat.QCOW2));
    RandomOperations operations = new RandomOperations(13, SIZE);
    for (Path layer : List.of(middle, top)) {
      try (BlockImage image = Images.open(layer, OpenOptions.readWrite().withFlushed(false))) {
        operations.run(image, 100);
      }
    }
    ImageCommit.run(top, READ, folder.resolve("a.raw"), false, Progress.NONE);
    assertThat(Files.readAllBytes(folder.resolve("a.raw"))).isEqualTo(operations.model());
  }

  @Test
  void differencesAreFound() throws IOException {
    byte[] other = content.clone();
    other[5_000_001]++;
    Path changed = Files.write(folder.resolve("changed.raw"), other);
    Path shorter = folder.resolve("short.raw");
    Files.write(shorter, java.util.Arrays.copyOf(content, SIZE / 2));
    try (BlockImage left = Images.open(raw, READ);
        BlockImage right = Images.open(changed, READ);
        BlockImage half = Images.open(shorter, READ)) {
      assertThat(ImageCompare.run(left, right, true, Progress.NONE))
          .isEqualTo(new ImageCompare.Outcome(false, 5_000_001, false));
      assertThat(ImageCompare.run(left, half, true, Progress.NONE).sizesDiffer()).isTrue();
      assertThat(ImageCompare.run(left, half, false, Progress.NONE).same()).isFalse();
    }
  }

  @Test
  void sizesChangeBothWays() throws IOException {
    Path path = folder.resolve("sized.qcow2");
    Path base = folder.resolve("longer.raw");
    Files.write(base, content);
    Images.create(path, CreateOptions.qcow2(SIZE / 2).withBacking("longer.raw", ImageFormat.RAW));
    assertThatThrownBy(() -> ImageResize.run(path, READ, SIZE / 4, false))
        .isInstanceOf(IllegalArgumentException.class);
    ImageResize.run(path, READ, SIZE / 4 + 512, true);
    ImageResize.run(path, READ, SIZE * 70L, false);
    QemuTools.img("check", "-q", path);
    byte[] expected = new byte[SIZE];
    System.arraycopy(content, 0, expected, 0, SIZE / 4 + 512);
    try (BlockImage image = Images.open(path, READ)) {
      byte[] got = new byte[SIZE];
      image.read(0, java.nio.ByteBuffer.wrap(got));
      assertThat(got).isEqualTo(expected);
    }
  }

  @Test
  void faultsAreFoundAndRepaired() throws IOException {
    Path path = folder.resolve("faulty.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    RandomOperations operations = new RandomOperations(14, SIZE);
    try (BlockImage image = Images.open(path, OpenOptions.readWrite().withFlushed(false))) {
      operations.run(image, 100);
    }
    operations.save(raw);
    byte[] file = Files.readAllBytes(path);
    // The first refcount block, by the header's own offsets.
    java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(file);
    int block = (int) bytes.getLong((int) bytes.getLong(48));
    bytes.putShort(block + 2 * 4, (short) 0);
    bytes.putShort(block + 2 * 500, (short) 3);
    Files.write(path, file);
    CheckReport found = ImageCheck.run(path, READ, Qcow2Check.Repair.NONE, Progress.NONE);
    assertThat(found.corruptions()).isPositive();
    assertThat(found.leaks()).isPositive();
    CheckReport repaired = ImageCheck.run(path, READ, Qcow2Check.Repair.ALL, Progress.NONE);
    assertThat(repaired.corruptionsLeft()).isZero();
    assertThat(repaired.leaksLeft()).isZero();
    sound(path);
    // The whole table is lost.
    file = Files.readAllBytes(path);
    java.nio.ByteBuffer.wrap(file).putLong((int) bytes.getLong(48), 0x1234567);
    Files.write(path, file);
    assertThat(ImageCheck.run(path, READ, Qcow2Check.Repair.ALL, Progress.NONE).corruptionsLeft())
        .isZero();
    sound(path);
  }
}
