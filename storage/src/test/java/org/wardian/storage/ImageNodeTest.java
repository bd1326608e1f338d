package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.qcow2.Qcow2Image;

/** Images that several use, and whose files are opened anew meanwhile. */
class ImageNodeTest {
  private static final int SIZE = 1 << 20;
  private static final OpenOptions WRITE = OpenOptions.readWrite().withFormat(ImageFormat.QCOW2);

  @TempDir Path folder;
  private Path base;
  private Path top;

  @BeforeEach
  void chain() throws IOException {
    base = folder.resolve("base.qcow2");
    top = folder.resolve("top.qcow2");
    Images.create(base, CreateOptions.qcow2(SIZE));
    Images.create(top, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.QCOW2));
  }

  private static byte first(BlockImage image) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(512);
    image.read(0, one);
    return one.get(0);
  }

  private static void write(BlockImage image, int value) throws IOException {
    ByteBuffer sector = ByteBuffer.allocate(512);
    sector.put(0, (byte) value);
    image.write(0, sector);
  }

  @Test
  void whatIsBeneathCanBeWrittenWhereThatIsAskedFor() throws IOException {
    try (ImageNode node = Images.openShared(top, WRITE)) {
      ImageNode below = node.below().orElseThrow();
      assertThat(below.path()).isEqualTo(base);
      assertThatThrownBy(() -> write(below, 7)).isInstanceOf(ReadOnlyImageException.class);
      below.reopen(true);
      write(below, 7);
      assertThat(first(node)).isEqualTo((byte) 7);
      assertThatThrownBy(() -> Images.open(base, OpenOptions.readOnly()))
          .isInstanceOf(ImageInUseException.class);
      below.reopen(false);
      assertThat(first(node)).isEqualTo((byte) 7);
      assertThatThrownBy(() -> write(below, 8)).isInstanceOf(ReadOnlyImageException.class);
      Images.open(base, OpenOptions.readOnly()).close();
    }
  }

  @Test
  void anImageThatOthersReadIsNotOpenedForWritingAndStaysReadable() throws IOException {
    try (ImageNode node = Images.openShared(top, WRITE);
        BlockImage reader = Images.open(base, OpenOptions.readOnly())) {
      ImageNode below = node.below().orElseThrow();
      assertThatThrownBy(() -> below.reopen(true)).isInstanceOf(ImageInUseException.class);
      assertThat(first(node)).isZero();
      assertThat(first(reader)).isZero();
    }
    Images.open(base, WRITE).close();
  }

  @Test
  void theLastUserClosesIt() throws IOException {
    ImageNode node = Images.openShared(base, WRITE);
    node.share();
    node.close();
    write(node, 3);
    assertThat(node.users()).isEqualTo(1);
    node.close();
    assertThatThrownBy(node::share).isInstanceOf(IllegalStateException.class);
    try (BlockImage again = Images.open(base, OpenOptions.readOnly())) {
      assertThat(first(again)).isEqualTo((byte) 3);
    }
  }

  @Test
  void bitmapsOutliveOpeningAnew() throws IOException {
    try (ImageNode node = Images.openShared(base, WRITE)) {
      ((Qcow2Image) node.image()).beginBitmaps();
      for (boolean persistent : new boolean[] {true, false}) {
        node.dirtyBitmaps()
            .orElseThrow()
            .add(
                new DirtyBitmap(
                    persistent ? "kept" : "memory", new RangeBits(16, SIZE), true, persistent));
      }
      write(node, 1);
      node.reopen(false);
      assertThat(node.dirtyBitmaps().orElseThrow().list())
          .extracting(DirtyBitmap::name)
          .containsExactly("kept", "memory");
      node.reopen(true);
      node.write(5 << 16, ByteBuffer.allocate(512));
      for (DirtyBitmap bitmap : node.dirtyBitmaps().orElseThrow().list()) {
        assertThat(bitmap.bits().count()).isEqualTo(2 << 16);
      }
    }
    QemuTools.require();
    assertThat(QemuTools.img("info", base)).contains("name: kept").doesNotContain("memory");
    assertThat(QemuTools.img("check", base)).contains("No errors");
  }

  @Test
  void aBitmapThatIsRemovedLeavesTheFileAtOnce() throws IOException {
    QemuTools.require();
    QemuTools.img("bitmap", "--add", base, "first");
    QemuTools.img("bitmap", "--add", base, "second");
    try (ImageNode node = Images.openShared(base, WRITE)) {
      Qcow2Image image = (Qcow2Image) node.image();
      image.beginBitmaps();
      write(node, 1);
      node.dirtyBitmaps()
          .orElseThrow()
          .remove(node.dirtyBitmaps().orElseThrow().find("first").orElseThrow());
      image.bitmaps().dropRemoved();
      assertThat(QemuTools.img("info", "-U", base)).contains("second").doesNotContain("first");
      write(node, 2);
    }
    assertThat(QemuTools.img("info", base)).contains("second").doesNotContain("in-use");
    assertThat(QemuTools.img("check", base)).contains("No errors");
  }

  @Test
  void aWriteBehindAThresholdIsToldOnce() throws IOException {
    List<Long> exceeded = new ArrayList<>();
    try (ImageNode node = Images.openShared(base, WRITE)) {
      node.diskWatch().set(SIZE / 2, exceeded::add);
      node.write(SIZE / 2 - 512, ByteBuffer.allocate(512));
      assertThat(exceeded).isEmpty();
      node.write(SIZE / 2 - 512, ByteBuffer.allocate(1024));
      node.write(SIZE / 2, ByteBuffer.allocate(1024));
      assertThat(exceeded).containsExactly(512L);
      assertThat(node.diskWatch().threshold()).isEqualTo(Long.MAX_VALUE);
      exceeded.clear();
      node.fileWatch().set(64 << 10, exceeded::add);
      node.write(SIZE - 512, ByteBuffer.allocate(512));
      assertThat(exceeded).hasSize(1);
    }
  }
}
