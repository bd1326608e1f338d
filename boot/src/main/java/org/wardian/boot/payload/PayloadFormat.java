package org.wardian.boot.payload;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;
import org.wardian.compression.CorruptPayloadException;
import org.wardian.compression.UnpackedBytes;
import org.wardian.compression.ZstdDecoder;

/**
 * How the payload of a bzImage is compressed (Linux, {@code lib/decompress.c} for the magic
 * numbers).
 *
 * <p>Linux appends the size of the unpacked payload to all of them as a 32-bit little-endian word;
 * in gzip that word is the format's own trailer.
 */
public enum PayloadFormat {
  /** Not compressed: an ELF file as it is. */
  NONE(false, 0x7f, 'E', 'L', 'F'),
  /** gzip (RFC 1952). */
  GZIP(false, 0x1f, 0x8b),
  /** bzip2. */
  BZIP2(true, 'B', 'Z', 'h'),
  /** LZMA as a bare stream ("lzma alone"). */
  LZMA(true, 0x5d, 0x00, 0x00),
  /** xz, with the x86 branch filter. */
  XZ(true, 0xfd, '7', 'z', 'X', 'Z', 0),
  /** LZO in lzop's file format. */
  LZO(true, 0x89, 'L', 'Z', 'O'),
  /** LZ4 in the legacy frame format. */
  LZ4(true, 0x02, 0x21, 0x4c, 0x18),
  /** Zstandard (RFC 8878). */
  ZSTD(true, 0x28, 0xb5, 0x2f, 0xfd);

  /** Largest dictionary taken, KiB; Linux uses 128 MiB at most. */
  private static final int DICTIONARY_LIMIT_KIB = 160 << 10;

  /** A first allocation of this many times the compressed size; more follows if data does. */
  private static final int USUAL_RATIO = 8;

  private final boolean sizeAppended;
  private final int[] magic;

  PayloadFormat(boolean sizeAppended, int... magic) {
    this.sizeAppended = sizeAppended;
    this.magic = magic;
  }

  /**
   * The format's usual name.
   *
   * @return lower case, for instance "xz"
   */
  public String label() {
    return this == NONE ? "uncompressed" : name().toLowerCase(Locale.ROOT);
  }

  /**
   * Recognizes a format by its first bytes.
   *
   * @param data holds the payload
   * @param offset index of its first byte
   * @param length its length
   * @return the format, or empty where none is known
   */
  public static Optional<PayloadFormat> detect(byte[] data, int offset, int length) {
    for (PayloadFormat format : values()) {
      boolean matches = length >= format.magic.length;
      for (int i = 0; matches && i < format.magic.length; i++) {
        matches = (data[offset + i] & 0xff) == format.magic[i];
      }
      if (matches) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /**
   * Unpacks a payload, whose last four bytes are the size of the result.
   *
   * @param payload the whole payload as the set-up header delimits it
   * @param limit most bytes that the result may have
   * @return the unpacked bytes
   * @throws CorruptPayloadException when the data is damaged or the result too large
   */
  public byte[] unpack(byte[] payload, int limit) throws CorruptPayloadException {
    if (this == NONE) {
      return payload;
    }
    if (payload.length < 8) {
      throw new CorruptPayloadException("truncated");
    }
    long size =
        (payload[payload.length - 4] & 0xffL)
            | (payload[payload.length - 3] & 0xffL) << 8
            | (payload[payload.length - 2] & 0xffL) << 16
            | (payload[payload.length - 1] & 0xffL) << 24;
    if (size > limit) {
      throw new CorruptPayloadException(
          "unpacks to %d bytes, more than the %d allowed".formatted(size, limit));
    }
    int packed = sizeAppended ? payload.length - 4 : payload.length;
    UnpackedBytes out =
        new UnpackedBytes((int) Math.min(size, (long) packed * USUAL_RATIO), (int) size);
    decode(payload, packed, out);
    if (out.size() != size) {
      throw new CorruptPayloadException(
          "unpacks to %d bytes instead of %d".formatted(out.size(), size));
    }
    return out.toByteArray();
  }

  private void decode(byte[] payload, int packed, UnpackedBytes out)
      throws CorruptPayloadException {
    switch (this) {
      case LZ4 -> Lz4Legacy.decode(payload, packed, out);
      case LZO -> Lzop.decode(payload, packed, out);
      case ZSTD -> new ZstdDecoder(payload, packed, out).decode();
      default -> decodeByLibrary(payload, packed, out);
    }
  }

  private void decodeByLibrary(byte[] payload, int packed, UnpackedBytes out)
      throws CorruptPayloadException {
    try (InputStream in = open(new ByteArrayInputStream(payload, 0, packed))) {
      in.transferTo(out.stream());
    } catch (CorruptPayloadException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Libraries answer some damage with an unchecked exception.
      String reason = e.getMessage();
      throw new CorruptPayloadException(reason == null ? "does not decode" : reason, e);
    }
  }

  private InputStream open(InputStream in) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPInputStream(in, 1 << 16);
      case BZIP2 -> new BZip2CompressorInputStream(in);
      case LZMA -> new LZMAInputStream(in, DICTIONARY_LIMIT_KIB);
      case XZ -> new SingleXZInputStream(in, DICTIONARY_LIMIT_KIB);
      default -> throw new IllegalStateException(name());
    };
  }
}
