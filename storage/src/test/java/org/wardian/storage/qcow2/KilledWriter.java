package org.wardian.storage.qcow2;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/**
 * A program that writes to an image until it is killed: block n of each round gets the round's
 * number, and a line tells of each round that was flushed.
 */
final class KilledWriter {
  static final int BLOCK = 4096;
  static final int BLOCKS = 4096;

  private KilledWriter() {}

  /** Arguments: the image, and a seed. */
  public static void main(String[] arguments) throws Exception {
    Random random = new Random(Long.parseLong(arguments[1]));
    try (BlockImage image = Images.open(Path.of(arguments[0]), OpenOptions.readWrite())) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
      for (int round = 1; ; round++) {
        for (int i = 0; i < 20; i++) {
          int at = random.nextInt(BLOCKS);
          for (int j = 0; j < BLOCK; j += 8) {
            block.putInt(j, round).putInt(j + 4, at);
          }
          if (random.nextInt(10) == 0) {
            image.discard((long) random.nextInt(BLOCKS / 16) * 16 * BLOCK, 16L * BLOCK);
          }
          image.write((long) at * BLOCK, block.clear());
        }
        image.flush();
        System.out.println(round);
      }
    }
  }
}
