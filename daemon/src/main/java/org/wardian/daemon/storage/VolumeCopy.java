package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Extent;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageConvert;
import org.wardian.storage.operation.ImageResize;
import org.wardian.storage.operation.Progress;

/** Makes a volume with the content of another, in the same format or another one. */
final class VolumeCopy {
  private static final int CHUNK = 64 << 10;
  private static final int DEVICE_CHUNK = 1 << 20;

  private VolumeCopy() {}

  /**
   * Copies.
   *
   * @param source what is copied
   * @param wanted what is made
   * @param file that is not there yet
   */
  static void run(VolumeDefinition source, VolumeDefinition wanted, Path file, boolean metadata)
      throws IOException, LibvirtException {
    Path from = HostPaths.of(source.target().path());
    VolumeFormat sourceFormat = source.target().format();
    boolean rawTarget = wanted.target().format() != VolumeFormat.QCOW2;
    if (sourceFormat == VolumeFormat.DIR || wanted.target().format() == VolumeFormat.DIR) {
      throw StorageErrors.unsupported("folders cannot be copied as volumes");
    }
    if (rawTarget && isRaw(sourceFormat)) {
      VolumeMaker.make(wanted, file, metadata);
      bytes(from, file, wanted.capacity(), wanted.allocation() < wanted.capacity());
      return;
    }
    try (BlockImage image = opened(source)) {
      if (rawTarget) {
        raw(image, wanted, file);
      } else {
        qcow2(image, wanted, file, metadata);
      }
    }
    VolumeMaker.own(wanted, file);
  }

  /**
   * Copies into a device, and clears what lies behind: a new device has what was there before.
   *
   * @param source what is copied
   * @param wanted what the device is to be
   * @param device at least as long as the source
   */
  static void toDevice(VolumeDefinition source, VolumeDefinition wanted, Path device)
      throws IOException, LibvirtException {
    if (source.target().format() == VolumeFormat.DIR) {
      throw StorageErrors.unsupported("folders cannot be copied as volumes");
    }
    // One that takes less than it holds has nothing but zeroes, and each write takes room of it.
    boolean empty = wanted.allocation() != wanted.capacity() && wanted.backing() == null;
    try (BlockImage image = opened(source);
        FileStore target = FileStore.open(device, true, true)) {
      if (target.size() < image.length()) {
        throw new NoSpaceException(device + " is shorter than " + source.target().path());
      }
      ByteBuffer buffer = ByteBuffer.allocateDirect(DEVICE_CHUNK);
      long at = 0;
      while (at < image.length()) {
        Extent extent = image.extent(at, Math.min(DEVICE_CHUNK, image.length() - at));
        boolean zero = extent.kind() != Extent.Kind.DATA;
        if (!zero) {
          buffer.clear().limit((int) extent.length());
          image.read(at, buffer);
          zero = zeroes(buffer.flip());
        }
        if (!zero) {
          target.write(at, buffer);
        } else if (!empty) {
          target.writeZeroes(at, extent.length(), true);
        }
        at += extent.length();
      }
      if (!empty) {
        target.writeZeroes(at, target.size() - at, true);
      }
      target.flush();
    }
  }

  private static BlockImage opened(VolumeDefinition source) throws IOException, LibvirtException {
    VolumeFormat known = source.target().format();
    ImageFormat format =
        isRaw(known)
            ? ImageFormat.RAW
            : ImageFormat.of(known.text())
                .orElseThrow(() ->
                    StorageErrors.unsupported(
                        "volumes of format '" + known.text() + "' cannot be read here"));
    return Images.open(
        HostPaths.of(source.target().path()), OpenOptions.readOnly().withFormat(format));
  }

  /** Devices have no format: what they hold is the disk. */
  private static boolean isRaw(VolumeFormat format) {
    return format == null || format == VolumeFormat.RAW || format == VolumeFormat.ISO;
  }

  private static void raw(BlockImage image, VolumeDefinition wanted, Path file) throws IOException {
    long size = Math.max(image.length(), wanted.capacity());
    ImageConvert.run(
        image, file, CreateOptions.raw(size), ImageConvert.Options.usual(), Progress.NONE);
  }

  private static void qcow2(BlockImage image, VolumeDefinition wanted, Path file, boolean metadata)
      throws IOException, LibvirtException {
    CreateOptions made = VolumeMaker.qcow2(wanted, file, metadata).withSize(image.length());
    ImageConvert.Options options = ImageConvert.Options.usual();
    if (wanted.backing() != null) {
      // What is behind shows where nothing is written, so zeroes are written too.
      Images.create(file, made);
      options = options.withReuse(true);
    }
    ImageConvert.run(image, file, made, options, Progress.NONE);
    if (VolumeMaker.sectors(wanted.capacity()) > image.length()) {
      ImageResize.run(
          file,
          OpenOptions.readWrite().withFormat(ImageFormat.QCOW2),
          VolumeMaker.sectors(wanted.capacity()),
          false);
    }
  }

  /**
   * Copies the bytes of a file.
   *
   * @param sparse whether zeroes become holes, and not only holes
   */
  private static void bytes(Path from, Path to, long capacity, boolean sparse) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    try (FileStore source = FileStore.open(from, false, false);
        FileStore target = FileStore.open(to, true, true)) {
      long size = source.size();
      if (target.size() < Math.max(size, capacity)) {
        target.resize(Math.max(size, capacity));
      }
      long at = source.nextData(0);
      while (at < size) {
        long hole = Math.min(size, source.nextHole(at));
        while (at < hole) {
          buffer.clear().limit((int) Math.min(CHUNK, hole - at));
          int read = source.read(at, buffer);
          if (read <= 0) {
            return;
          }
          buffer.flip();
          if (!sparse || !zeroes(buffer)) {
            target.write(at, buffer);
          }
          at += read;
        }
        at = source.nextData(at);
      }
      target.flush();
    }
  }

  private static boolean zeroes(ByteBuffer buffer) {
    for (int i = buffer.position(); i < buffer.limit(); i++) {
      if (buffer.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
