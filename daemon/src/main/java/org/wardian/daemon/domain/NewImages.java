package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/** Files of images that block jobs and backups write. */
final class NewImages {
  private NewImages() {}

  /**
   * Refuses a file that is in the way, or missing.
   *
   * @param reuse whether it has to be there
   */
  static void check(DiskChain.Image image, String disk, boolean reuse) throws LibvirtException {
    Path file = Path.of(image.path().orElseThrow());
    try {
      boolean there = Files.exists(file);
      if (reuse && !there) {
        throw Refusal.system(
            "missing destination file for disk %s: %s: No such file or directory"
                .formatted(disk, file),
            null);
      }
      if (!reuse && there && Files.isRegularFile(file) && Files.size(file) > 0) {
        throw Refusal.unsupported(
            "external destination file for disk %s already exists and is not a block device: %s"
                .formatted(disk, file));
      }
    } catch (IOException e) {
      throw Refusal.system("cannot look at " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Makes an image.
   *
   * @param size bytes of the disk
   * @param backing the image beneath it; null for none
   */
  static void make(DiskChain.Image image, long size, DiskChain.Image backing)
      throws LibvirtException {
    Path file = Path.of(image.path().orElseThrow());
    boolean block = image.type().equals("block");
    if (block && image.format().equals("raw")) {
      return;
    }
    CreateOptions options =
        image.format().equals("raw") ? CreateOptions.raw(size) : CreateOptions.qcow2(size);
    if (backing != null) {
      options =
          options.withBacking(
              backing.path().orElseThrow(),
              backing.format().equals("raw") ? ImageFormat.RAW : ImageFormat.QCOW2);
    }
    try {
      if (!block && Files.exists(file) && Files.size(file) == 0) {
        Files.delete(file);
      }
      Images.create(file, options);
    } catch (NoSuchFileException e) {
      throw Refusal.system("failed to create copy target: No such file or directory", e);
    } catch (IOException | RuntimeException e) {
      throw Refusal.system("failed to create copy target: " + e.getMessage(), e);
    }
  }
}
