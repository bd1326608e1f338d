package org.wardian.cli.disk;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.wardian.storage.ImageFormat;
import picocli.CommandLine.TypeConversionException;

/** Formats of images by the words that the command line has for them. */
public final class FormatNames {
  /** What images are made as. */
  static final List<ImageFormat> WRITTEN = List.of(ImageFormat.RAW, ImageFormat.QCOW2);

  private FormatNames() {}

  /** Reads a format; {@code vhd} and {@code vpc} are one. */
  public static ImageFormat parse(String text) {
    return ImageFormat.of(text.toLowerCase(Locale.ROOT))
        .orElseThrow(() ->
            new TypeConversionException(
                "'"
                    + text
                    + "' is not a disk format; there is "
                    + Arrays.stream(ImageFormat.values())
                        .map(ImageFormat::text)
                        .collect(Collectors.joining(", "))));
  }

  /** The format that a file's suffix stands for; raw where it stands for none. */
  static ImageFormat ofSuffix(Path file) {
    String name = file.getFileName() == null ? "" : file.getFileName().toString();
    String suffix = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return switch (suffix) {
      case "qcow2", "qcow" -> ImageFormat.QCOW2;
      case "vmdk" -> ImageFormat.VMDK;
      case "vdi" -> ImageFormat.VDI;
      case "vhd" -> ImageFormat.VHD;
      case "vhdx" -> ImageFormat.VHDX;
      case "ova" -> ImageFormat.OVA;
      default -> ImageFormat.RAW;
    };
  }
}
