package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Random requests to an image, beside an array that has what the disk must hold. */
public final class RandomOperations {
  private static final int SECTOR = 512;

  private final Random random;
  private byte[] model;

  /** What a discard leaves: the bytes are either what they were or zeroes. */
  private boolean discards = true;

  /** A disk of zeroes. */
  public RandomOperations(long seed, int size) {
    random = new Random(seed);
    model = new byte[size];
  }

  /** The same without discards. */
  public RandomOperations withoutDiscards() {
    discards = false;
    return this;
  }

  /** What the disk must hold. */
  public byte[] model() {
    return model;
  }

  /** What the disk holds from now on. */
  public void model(byte[] content) {
    model = content.clone();
  }

  /** The source of chance. */
  public Random random() {
    return random;
  }

  /** Operations in CI, or {@code wardian.storage.operations}. */
  public static int count(int usual) {
    return Integer.getInteger("wardian.storage.operations", usual);
  }

  /** Some operations. */
  public void run(BlockImage image, int operations) throws IOException {
    for (int i = 0; i < operations; i++) {
      step(image);
    }
  }

  /** One operation. */
  public void step(BlockImage image) throws IOException {
    int length = length();
    int offset = random.nextInt((model.length - length) / SECTOR + 1) * SECTOR;
    switch (random.nextInt(discards ? 12 : 10)) {
      case 0, 1, 2, 3 -> write(image, offset, length);
      case 4 -> writeScattered(image, offset, length);
      case 5, 6 -> read(image, offset, length);
      case 7 -> zero(image, offset, length, random.nextBoolean());
      case 8 -> image.flush();
      case 9 -> extents(image, offset, length);
      default -> discard(image, offset, length);
    }
  }

  private int length() {
    int most = Math.min(model.length / SECTOR, random.nextInt(8) == 0 ? 1024 : 40);
    return (1 + random.nextInt(most)) * SECTOR;
  }

  private ByteBuffer content(int offset, int length) {
    byte[] bytes = new byte[length];
    if (random.nextInt(4) > 0) {
      random.nextBytes(bytes);
    } else {
      Arrays.fill(bytes, (byte) random.nextInt(3));
    }
    System.arraycopy(bytes, 0, model, offset, length);
    ByteBuffer buffer =
        random.nextBoolean() ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
    return buffer.put(bytes).flip();
  }

  private void write(BlockImage image, int offset, int length) throws IOException {
    ByteBuffer from = content(offset, length);
    image.write(offset, from);
    assertThat(from.hasRemaining()).isFalse();
  }

  private void writeScattered(BlockImage image, int offset, int length) throws IOException {
    ByteBuffer all = content(offset, length);
    int cut = random.nextInt(length + 1);
    image.write(offset, Scatter.viewOf(List.of(all.slice(0, cut), all.slice(cut, length - cut))));
  }

  private void read(BlockImage image, int offset, int length) throws IOException {
    byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
    byte[] got = new byte[length];
    int cut = random.nextInt(length + 1);
    ByteBuffer all = ByteBuffer.wrap(got);
    image.read(offset, Scatter.viewOf(List.of(all.slice(0, cut), all.slice(cut, length - cut))));
    assertThat(got).isEqualTo(expected);
  }

  private void zero(BlockImage image, int offset, int length, boolean mayUnmap) throws IOException {
    Arrays.fill(model, offset, offset + length, (byte) 0);
    image.writeZeroes(offset, length, mayUnmap);
  }

  private void discard(BlockImage image, int offset, int length) throws IOException {
    image.discard(offset, length);
    byte[] got = read(image, offset, length, new byte[length]);
    for (int i = 0; i < length; i += SECTOR) {
      byte[] before = Arrays.copyOfRange(model, offset + i, offset + i + SECTOR);
      byte[] after = Arrays.copyOfRange(got, i, i + SECTOR);
      if (!Arrays.equals(before, after)) {
        assertThat(after).isEqualTo(new byte[SECTOR]);
      }
    }
    System.arraycopy(got, 0, model, offset, length);
  }

  private void extents(BlockImage image, int offset, int length) throws IOException {
    Extent extent = image.extent(offset, length);
    assertThat(extent.length()).isBetween(1L, (long) length);
    if (extent.kind() == Extent.Kind.ZERO) {
      for (int i = 0; i < extent.length(); i++) {
        assertThat(model[offset + i]).isZero();
      }
    }
  }

  private static byte[] read(BlockImage image, long offset, int length, byte[] to)
      throws IOException {
    image.read(offset, ByteBuffer.wrap(to, 0, length));
    return to;
  }

  /** The whole disk is what it must be. */
  public void verify(BlockImage image) throws IOException {
    assertThat(image.length()).isEqualTo(model.length);
    assertThat(Arrays.mismatch(content(image), model)).isEqualTo(-1);
  }

  /** All bytes of a small image. */
  public static byte[] content(BlockImage image) throws IOException {
    return read(image, 0, (int) image.length(), new byte[(int) image.length()]);
  }

  /** Writes what the disk must hold to a raw file. */
  public Path save(Path raw) throws IOException {
    return Files.write(raw, model);
  }
}
