package org.wardian.conformance.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.initramfs.DefaultInitramfs;

/** A Linux that is started without a BIOS writes on the screen as if there had been one. */
class KernelScreenTest {
  private static final int GREY = 0xaaaaaa;

  @TempDir private Path folder;

  private static CachedImage image() throws CatalogueException {
    try {
      return ImageCache.open().ensure("debian-cloud", ProgressListener.silent());
    } catch (CatalogueException e) {
      Assumptions.abort("the guest cannot be fetched: " + e.getMessage());
      throw e;
    }
  }

  @Test
  void showsItsMessagesAndAShell() throws Exception {
    CachedImage image = image();
    Path kernel = Files.write(folder.resolve("vmlinuz"), image.kernel());
    Path disk = Files.write(folder.resolve("initrd"), DefaultInitramfs.build(image.busybox()));
    try (Pc pc =
        new PcParts("kernel-screen")
            .memory(256L << 20)
            .kernel(kernel, disk, "console=tty0 quiet")
            .start()) {
      pc.awaitScreen("Welcome to Wardian");
      pc.awaitScreen("wardian:~#");
      assertThat(Arrays.stream(pc.picture().pixels()).filter(pixel -> pixel == GREY).count())
          .as("letters")
          .isBetween(3_000L, 100_000L);
    }
  }
}
