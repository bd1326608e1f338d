package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.ReadOnlyImageException;

/** Opens disk images of other virtual machines, for reading. */
public final class Imports {
  private Imports() {}

  /**
   * The format of a file by its content, also of those that are only told by name.
   *
   * @return empty where it is none of these: raw, or qcow2
   * @throws IOException where the file cannot be read
   */
  public static Optional<ImportFormat> probe(Path file) throws IOException {
    try (ImageFile source = ImageFile.open(file, false)) {
      return Probe.of(source);
    }
  }

  /**
   * Opens an image whose format its content tells.
   *
   * @throws ImportException where it is none that can be read, is damaged, or lacks its parent
   */
  public static ImportedImage open(Path file) throws IOException {
    ImportFormat found =
        probe(file)
            .orElseThrow(() ->
                new ImportException(
                    file.toString(), "has no signature of a VMDK, VDI, VHD, VHDX or OVA file"));
    ImageFormat format = found.image().orElseThrow(() -> found.refusal(file.toString()));
    return open(file, OpenOptions.readOnly().withFormat(format));
  }

  /**
   * Opens an image of a format. An OVA must have one disk; {@link OvaArchive} opens those of
   * others.
   *
   * @param options the format, VMDK, VDI, VHD, VHDX or OVA; whether to lock, and to open parents
   * @throws ReadOnlyImageException where it is to be writable
   * @throws ImportException where it cannot be read, is damaged, or lacks its parent
   */
  public static ImportedImage open(Path file, OpenOptions options) throws IOException {
    if (options.writable()) {
      throw new ReadOnlyImageException(
          file
              + " is a "
              + options.format().text()
              + " image, which is only read; convert it to qcow2 ('ward disk convert') to write");
    }
    return open(file, options.format(), new OpenChain(options));
  }

  static ImportedImage open(Path file, ImageFormat format, OpenChain chain) throws IOException {
    if (format == ImageFormat.OVA) {
      OvaArchive archive = OvaArchive.open(file);
      try {
        return archive.onlyDisk();
      } catch (IOException | RuntimeException e) {
        archive.close();
        throw e;
      }
    }
    ImageFile source = ImageFile.open(file, chain.locked());
    try {
      chain.enter(file);
      return switch (format) {
        case VMDK -> VmdkImage.open(source, file, chain);
        case VDI -> VdiImage.open(source);
        case VHD -> VhdImage.open(source, file, chain);
        case VHDX -> VhdxImage.open(source, file, chain);
        default -> throw new IllegalArgumentException(format.text() + " is not an import format");
      };
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }
}
