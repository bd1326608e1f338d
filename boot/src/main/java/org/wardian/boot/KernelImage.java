package org.wardian.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** A kernel image in one of the formats that can be booted. */
public sealed interface KernelImage permits BzImage, ElfKernel, MultibootKernel {

  /** Largest kernel file, and largest unpacked kernel. */
  long MAX_SIZE = 512L << 20;

  /**
   * What the image is, in a few words.
   *
   * @return for instance "bzImage 6.1.0-amd64, boot protocol 2.15, xz payload"
   */
  String description();

  /**
   * Finds out the format of a file and reads it. Total: any bytes give an image or a {@link
   * KernelFormatException}.
   *
   * @param file the bytes of the file; kept, not copied
   * @return the image
   * @throws KernelFormatException when this is no kernel that can be booted
   */
  static KernelImage parse(byte[] file) throws KernelFormatException {
    if (file.length == 0) {
      throw new KernelFormatException("empty file; give a kernel for amd64 or i386");
    }
    Optional<MultibootHeader> multiboot = MultibootHeader.find(file);
    if (ElfImage.isElf(file)) {
      // The address fields, where a header has them, take precedence over the ELF headers.
      if (multiboot.isPresent() && multiboot.get().hasAddresses()) {
        return MultibootKernel.of(file, multiboot.get());
      }
      return ElfKernel.of(ElfImage.parse(file), multiboot);
    }
    if (BzImage.isBzImage(file)) {
      return BzImage.parse(file);
    }
    if (multiboot.isPresent()) {
      return MultibootKernel.of(file, multiboot.get());
    }
    throw new KernelFormatException(ForeignFile.describe(file));
  }

  /**
   * Reads a kernel file.
   *
   * @param path the file
   * @return the image
   * @throws KernelFormatException when it cannot be read or booted; the message names the file
   */
  static KernelImage read(Path path) throws KernelFormatException {
    byte[] file;
    try {
      if (Files.isDirectory(path)) {
        throw new KernelFormatException("a directory; give the kernel's file");
      }
      long size = Files.size(path);
      if (size > MAX_SIZE) {
        throw new KernelFormatException(
            "%s is more than any kernel (at most %s); give a kernel, not a disk image"
                .formatted(Sizes.format(size), Sizes.format(MAX_SIZE)));
      }
      file = ImageBytes.read(path);
      return parse(file);
    } catch (KernelFormatException e) {
      throw new KernelFormatException("kernel " + path + ": " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new KernelFormatException("kernel " + path + ": no such file", e);
    } catch (IOException e) {
      throw new KernelFormatException("kernel " + path + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
