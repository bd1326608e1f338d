package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;

/** A real program that is killed while it writes. */
class KillTest {
  @TempDir Path folder;

  @Test
  void whatWasFlushedIsThereAndTheRestIsSound() throws IOException, InterruptedException {
    QemuTools.require();
    Path path = folder.resolve("disk.qcow2");
    long size = (long) KilledWriter.BLOCK * KilledWriter.BLOCKS;
    Images.create(path, CreateOptions.qcow2(size).withClusterSize(16 << 10));
    int kills = Integer.getInteger("wardian.storage.kills", 4);
    Random random = new Random(31);
    for (int seed = 0; seed < kills; seed++) {
      int rounds = flushedBeforeTheKill(path, seed, 3 + random.nextInt(20));
      QemuTools.Outcome check = QemuTools.run("qemu-img", "check", path);
      // 0: clean, 3: leaks.
      assertThat(check.status()).as(check.output()).isIn(0, 3);
      verify(path, seed, rounds);
      QemuTools.img("check", "-q", "-r", "leaks", path);
    }
  }

  private int flushedBeforeTheKill(Path path, long seed, int rounds)
      throws IOException, InterruptedException {
    Path output = folder.resolve("flushed" + seed);
    Process writer =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledWriter.class.getName(),
                    path.toString(),
                    Long.toString(seed)))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    while (flushed(output) < rounds) {
      assertThat(writer.isAlive()).as(Files.readString(output)).isTrue();
      Thread.sleep(5);
    }
    writer.destroyForcibly().waitFor();
    return flushed(output);
  }

  /** The last round of which the writer said that it is flushed. */
  private static int flushed(Path output) throws IOException {
    String text = Files.readString(output);
    int end = text.lastIndexOf('\n');
    int start = end < 0 ? -1 : text.lastIndexOf('\n', end - 1);
    return end < 0 ? 0 : Integer.parseInt(text.substring(start + 1, end));
  }

  /** Repeats what the writer did, and compares what nothing touched after the last flush. */
  private static void verify(Path path, long seed, int rounds) throws IOException {
    Random random = new Random(seed);
    int[] expected = new int[KilledWriter.BLOCKS];
    BitSet unknown = new BitSet();
    for (int round = 1; round <= rounds + 1; round++) {
      for (int i = 0; i < 20; i++) {
        int at = random.nextInt(KilledWriter.BLOCKS);
        if (random.nextInt(10) == 0) {
          int first = random.nextInt(KilledWriter.BLOCKS / 16) * 16;
          unknown.set(first, first + 16);
        }
        if (round <= rounds) {
          expected[at] = round;
          unknown.clear(at);
        } else {
          unknown.set(at);
        }
      }
    }
    try (BlockImage image = Images.open(path, OpenOptions.readOnly())) {
      ByteBuffer block = ByteBuffer.allocate(KilledWriter.BLOCK);
      for (int at = 0; at < KilledWriter.BLOCKS; at++) {
        if (expected[at] != 0 && !unknown.get(at)) {
          image.read((long) at * KilledWriter.BLOCK, block.clear());
          assertThat(block.getInt(0)).as("block %d", at).isEqualTo(expected[at]);
          assertThat(block.getInt(KilledWriter.BLOCK - 4)).isEqualTo(at);
        }
      }
    }
  }
}
