package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.wardian.storage.ImageFormat;

/**
 * A VHD: fixed, or blocks with a bitmap of their sectors, found by a table of 32-bit sector numbers
 * ("Virtual Hard Disk Image Format Specification" 1.0).
 */
final class VhdImage extends ImportedImage {
  private static final int SECTOR = 512;
  private static final int HEADER = 1024;
  private static final long HEADER_COOKIE = 0x6378737061727365L; // cxsparse
  private static final int HEADER_CHECKSUM = 36;
  private static final long NO_BLOCK = 0xffffffffL;
  private static final long MOST_BLOCK = 1 << 30;

  /** A path is at most 32,767 characters of two bytes. */
  private static final long MOST_LOCATOR = 65536;

  private final ByteSource file;
  private final TablePages tables;
  private final long tablePosition;
  private final long blockBytes;
  private final long bitmapBytes;

  /** A fixed disk: the file less its footer. */
  private VhdImage(ByteSource file, VhdFooter footer) {
    super(ImageFormat.VHD, "fixed", footer.length());
    this.file = file;
    this.tables = null;
    this.tablePosition = 0;
    this.blockBytes = 0;
    this.bitmapBytes = 0;
  }

  private VhdImage(ByteSource file, VhdFooter footer, ByteBuffer header) throws IOException {
    super(
        ImageFormat.VHD,
        footer.type() == VhdFooter.DIFFERENCING ? "differencing" : "dynamic",
        footer.length());
    this.file = file;
    this.tables = new TablePages(file, ByteOrder.BIG_ENDIAN);
    this.tablePosition = header.getLong(16);
    this.blockBytes = Integer.toUnsignedLong(header.getInt(32));
    if (blockBytes < SECTOR || blockBytes > MOST_BLOCK || Long.bitCount(blockBytes) != 1) {
      throw bad("claims blocks of " + blockBytes + " bytes: its header is damaged");
    }
    this.bitmapBytes = (blockBytes / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
    long entries = Integer.toUnsignedLong(header.getInt(28));
    if (entries < (length() + blockBytes - 1) / blockBytes) {
      throw bad("has a table of " + entries + " blocks, too few for " + length() + " bytes");
    }
    if (tablePosition < 0
        || tablePosition % 4 != 0
        || tablePosition > file.size()
        || entries * 4 > file.size() - tablePosition) {
      throw bad("has its block table outside of the file: it is damaged or cut off");
    }
    detail("block size", blockBytes);
  }

  /** Takes {@code file} over. */
  static ImportedImage open(ByteSource file, Path path, OpenChain chain) throws IOException {
    VhdFooter footer = VhdFooter.read(file);
    VhdImage image;
    ByteBuffer header = null;
    if (footer.type() == VhdFooter.FIXED) {
      if (footer.length() > file.size() - VhdFooter.BYTES) {
        throw file.cutOff(0, footer.length() + VhdFooter.BYTES);
      }
      image = new VhdImage(file, footer);
    } else {
      header = file.structure(footer.header(), HEADER, ByteOrder.BIG_ENDIAN);
      if (header.getLong(0) != HEADER_COOKIE
          || header.getInt(HEADER_CHECKSUM) != VhdFooter.checksum(header, HEADER_CHECKSUM)) {
        throw new ImportException(
            file.name(), "has a dynamic header at byte " + footer.header() + " that is damaged");
      }
      image = new VhdImage(file, footer, header);
    }
    image.owns(file);
    image.detail("creator", footer.creator().strip());
    image.detail("uuid", footer.identifier());
    if (footer.type() == VhdFooter.DIFFERENCING && chain.follows()) {
      try {
        image.findParent(path, chain, header);
      } catch (IOException | RuntimeException e) {
        image.close();
        throw e;
      }
    }
    return image;
  }

  private ImportException bad(String cause) {
    return new ImportException(file.name(), cause);
  }

  private void findParent(Path path, OpenChain chain, ByteBuffer header) throws IOException {
    UUID wanted = new UUID(header.getLong(40), header.getLong(48));
    Set<String> names = parentNames(header);
    List<Path> candidates = new ArrayList<>();
    for (String name : names) {
      candidates.addAll(OpenChain.candidates(path, name));
    }
    for (Path candidate : new LinkedHashSet<>(candidates)) {
      if (identifierOf(candidate).equals(wanted)) {
        standsOn(Imports.open(candidate, ImageFormat.VHD, chain));
        return;
      }
    }
    throw bad(
        "is a difference to "
            + String.join(" or ", names)
            + " with the identifier "
            + wanted
            + (candidates.isEmpty()
                ? ", which is not there: put it beside it"
                : "; a file of that name is there, but is another image"));
  }

  private static UUID identifierOf(Path candidate) throws IOException {
    try (ImageFile file = ImageFile.open(candidate, false)) {
      return VhdFooter.read(file).identifier();
    } catch (ImportException e) {
      return Guid.NONE; // a file of that name, but no VHD
    }
  }

  /** The names under which the parent may be found: locators first, then the header's own field. */
  private Set<String> parentNames(ByteBuffer header) throws IOException {
    Set<String> names = new LinkedHashSet<>();
    for (int at = 576; at < 576 + 8 * 24; at += 24) {
      int platform = header.getInt(at);
      Charset charset =
          switch (platform) {
            case 0x57327275, 0x57326b75 -> StandardCharsets.UTF_16LE; // W2ru, W2ku
            case 0x4d616358 -> StandardCharsets.UTF_8; // MacX
            default -> null;
          };
      long length = Integer.toUnsignedLong(header.getInt(at + 8));
      if (charset != null && length > 0 && length <= MOST_LOCATOR) {
        ByteBuffer text =
            file.structure(header.getLong(at + 16), (int) length, ByteOrder.BIG_ENDIAN);
        names.add(charset.decode(text).toString().replaceFirst("^file://(localhost)?", ""));
      }
    }
    String own = StandardCharsets.UTF_16BE.decode(header.slice(64, 512)).toString();
    int end = own.indexOf('\0');
    names.add(end < 0 ? own : own.substring(0, end));
    names.remove("");
    return names;
  }

  @Override
  Piece locate(long offset, long length) throws IOException {
    if (tables == null) {
      return new Piece.Stored(length, file, offset);
    }
    long block = offset / blockBytes;
    long skip = offset % blockBytes;
    long count = Math.min(length, blockBytes - skip);
    long entry = tables.entry32(tablePosition + block * 4);
    if (entry == NO_BLOCK) {
      return new Piece.Absent(count);
    }
    long sector = skip / SECTOR;
    long sectors = (skip + count + SECTOR - 1) / SECTOR - sector;
    long run = tables.run(entry * SECTOR, sector, sectors, true);
    count = Math.min(count, (sector + Math.abs(run)) * SECTOR - skip);
    return run > 0
        ? new Piece.Stored(count, file, entry * SECTOR + bitmapBytes + skip)
        : new Piece.Absent(count);
  }
}
