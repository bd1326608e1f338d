package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Locks of images within one process. */
@EnabledOnOs(OS.LINUX)
class ImageLockTest {
  private static final int PROCESSES = 300;

  @TempDir private Path folder;

  /**
   * A process that is being started has, for a moment, all files of the one that starts it: a lock
   * has to end with its image, and not with that moment.
   */
  @Test
  void whoStartsProcessesGetsImagesBackAtOnce() throws Exception {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(1 << 20));
    CompletableFuture<Integer> started =
        CompletableFuture.supplyAsync(() -> {
          try {
            for (int i = 0; i < PROCESSES; i++) {
              new ProcessBuilder("true").start().waitFor();
            }
            return PROCESSES;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    int opened = 0;
    while (!started.isDone()) {
      // Throws where somebody has it.
      Images.open(path, OpenOptions.readWrite()).close();
      opened++;
    }
    assertThat(started.get()).isEqualTo(PROCESSES);
    assertThat(opened).isPositive();
  }
}
