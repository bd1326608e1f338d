package org.wardian.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.imports.Imports;
import org.wardian.storage.qcow2.Qcow2File;
import org.wardian.storage.qcow2.Qcow2Image;

/** Opens an image and the images behind it, which are opened for reading only. */
final class ImageChain {
  /** Images of one chain at most: each costs memory and open files. */
  static final int MAX_DEPTH = 200;

  private final List<Path> opened = new ArrayList<>();
  private final Path base;
  private final BlockImage openBase;

  /** Whether each image of the chain may have several users. */
  private boolean shared;

  ImageChain() {
    this(null, null);
  }

  /**
   * A chain one of whose images is open already, perhaps for writing.
   *
   * @param base its real path
   * @param openBase what takes its place; the chain's end does not close it
   */
  ImageChain(Path base, BlockImage openBase) {
    this.base = base;
    this.openBase = openBase;
  }

  /** Opens a chain whose images may be used by others too. */
  ImageNode openShared(Path path, OpenOptions options) throws IOException {
    shared = true;
    return (ImageNode) open(path, options);
  }

  /**
   * Opens one image, with what shows through it, whatever its header names.
   *
   * @param below taken over where this succeeds; null for none
   * @param watch sees what is written to the file
   */
  BlockImage openOver(Path path, OpenOptions options, ImageNode below, WriteWatch watch)
      throws IOException {
    BlockImage opened = open(path, options.withChain(false), watch);
    if (below != null) {
      if (!(opened instanceof Qcow2Image overlay)) {
        opened.close();
        throw new ImageFormatException(path + " is no overlay: it is no qcow2 image");
      }
      overlay.attach(below);
    }
    return opened;
  }

  BlockImage open(Path path, OpenOptions options) throws IOException {
    return open(path, options, shared ? new WriteWatch() : null);
  }

  private BlockImage open(Path path, OpenOptions options, WriteWatch watch) throws IOException {
    Path real = path.toRealPath();
    if (real.equals(base)) {
      return new BorrowedImage(openBase);
    }
    if (opened.contains(real)) {
      throw new ImageFormatException(
          path
              + " is a backing file of itself, by way of "
              + opened.get(opened.size() - 1)
              + "; give one of them another backing file (rebase, unsafe)");
    }
    if (opened.size() >= MAX_DEPTH) {
      throw new ImageFormatException(
          path + " is behind " + MAX_DEPTH + " other images; commit some of them first");
    }
    opened.add(real);
    FileStore file = FileStore.open(path, options.writable(), options.locked());
    FileStore flushed = options.flushed() ? file : new UnflushedStore(file);
    FileStore used = watch == null ? flushed : new WatchedStore(flushed, watch);
    try {
      boolean probed = options.format() == null;
      ImageFormat format = probed ? ImageFormat.probe(file) : options.format();
      BlockImage image = open(used, format, probed, options);
      return shared ? new ImageNode(path, format, options, image, watch) : image;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private BlockImage open(FileStore file, ImageFormat format, boolean probed, OpenOptions options)
      throws IOException {
    return switch (format) {
      case RAW -> RawImage.open(file, probed, options);
      case QCOW2 -> Qcow2File.open(file, options, this::backing, this::dataFile);
      case VMDK, VDI, VHD, VHDX, OVA -> {
        file.close(); // an import opens its files itself: there may be many
        yield Imports.open(file.path(), options.withFormat(format));
      }
      default ->
          throw new ImageFormatException(
              file.path()
                  + " is a "
                  + format.text()
                  + " image, which cannot be opened here; convert it with qemu-img first");
    };
  }

  /** Opens a backing file by the name that {@code image} records. */
  private BlockImage backing(Path image, String name, String format, OpenOptions options)
      throws IOException {
    Path path = ImageNames.resolve(image, name);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(),
          null,
          "it is the backing file of "
              + image
              + "; put it back, or name the one that took its place (rebase, unsafe)");
    }
    ImageFormat known = null;
    if (format != null) {
      known =
          ImageFormat.of(format)
              .orElseThrow(() ->
                  new ImageFormatException(
                      image
                          + " says that its backing file is a "
                          + ImageNames.printable(format)
                          + " image, which is not known here"));
    }
    return open(path, options.withWritable(false).withFormat(known));
  }

  private FileStore dataFile(Path image, String name, OpenOptions options) throws IOException {
    Path path = ImageNames.resolve(image, name);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, "it holds the data of " + image + "; put it back");
    }
    FileStore file = FileStore.open(path, options.writable(), options.locked());
    return options.flushed() ? file : new UnflushedStore(file);
  }
}
