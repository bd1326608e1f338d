package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Opens what Debian compresses, by the file name's ending. The archive's packages have only ever
 * been of gzip and xz (those of derivatives may be of Zstandard, which is refused).
 */
final class Decompression {
  /** xz -9 needs 65 MiB; a header that asks for more is not from Debian. */
  private static final int XZ_MEMORY_LIMIT_KIB = 128 << 10;

  private Decompression() {}

  /**
   * A stream of the plain content.
   *
   * @param name a name that ends in {@code .xz}, {@code .gz} or neither
   * @throws CatalogueException of kind {@link Kind#MALFORMED} for other compressions
   */
  static InputStream open(String name, InputStream in) throws IOException {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "xz" -> new XZInputStream(in, XZ_MEMORY_LIMIT_KIB);
      case "gz" -> new GZIPInputStream(in);
      case "zst", "bz2", "lzma", "lz4" ->
          throw new CatalogueException(
              Kind.MALFORMED, "cannot unpack " + name + ": only .xz and .gz are read");
      default -> in;
    };
  }
}
