package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.wardian.storage.ImageFormat;

/**
 * A VHDX ([MS-VHDX]): payload blocks of 1 to 256 MiB, found by a table of 64-bit entries in which a
 * block of sector bits follows each chunk.
 */
final class VhdxImage extends ImportedImage {
  /** Sectors whose bits a bitmap block of 1 MiB holds. */
  private static final long CHUNK_SECTORS = 1L << 23;

  private static final long MIB = 1 << 20;
  private static final long MOST_BLOCK = 256 * MIB;
  private static final long MOST_DISK = 64L << 40;

  private static final int NOT_PRESENT = 0;
  private static final int UNDEFINED = 1;
  private static final int ZERO = 2;
  private static final int UNMAPPED = 3;
  private static final int UNMAPPED_DRAFT = 5;
  private static final int FULLY_PRESENT = 6;
  private static final int PARTIALLY_PRESENT = 7;

  private final ByteSource file;
  private final TablePages tables;
  private final long tablePosition;
  private final long blockBytes;
  private final long sectorBytes;
  private final long chunkBlocks;
  private final boolean differencing;

  private VhdxImage(ByteSource file, VhdxRegions.Region table, Parameters parameters)
      throws IOException {
    super(ImageFormat.VHDX, parameters.subformat(), parameters.length());
    this.file = file;
    this.tables = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    this.tablePosition = table.position();
    this.blockBytes = parameters.blockBytes();
    this.sectorBytes = parameters.sectorBytes();
    this.chunkBlocks = CHUNK_SECTORS * sectorBytes / blockBytes;
    this.differencing = parameters.hasParent();
    long blocks = (length() + blockBytes - 1) / blockBytes;
    long entries =
        parameters.hasParent()
            ? (blocks + chunkBlocks - 1) / chunkBlocks * (chunkBlocks + 1)
            : blocks + (blocks - 1) / chunkBlocks;
    if (entries * 8 > table.length()) {
      throw new ImportException(
          file.name(), "has a block table too short for its disk of " + length() + " bytes");
    }
  }

  /** What the metadata says. */
  private record Parameters(
      long blockBytes, boolean fixed, boolean hasParent, long length, long sectorBytes) {
    static Parameters of(String name, Map<UUID, ByteBuffer> metadata) throws ImportException {
      ByteBuffer file = required(name, metadata, VhdxRegions.FILE_PARAMETERS, 8);
      ByteBuffer size = required(name, metadata, VhdxRegions.DISK_SIZE, 8);
      ByteBuffer sector = required(name, metadata, VhdxRegions.LOGICAL_SECTOR, 4);
      Parameters parameters =
          new Parameters(
              Integer.toUnsignedLong(file.getInt(0)),
              (file.getInt(4) & 1) != 0,
              (file.getInt(4) & 2) != 0,
              size.getLong(0),
              Integer.toUnsignedLong(sector.getInt(0)));
      long block = parameters.blockBytes;
      if (block < MIB || block > MOST_BLOCK || Long.bitCount(block) != 1) {
        throw new ImportException(name, "claims blocks of " + block + " bytes: it is damaged");
      }
      if (parameters.sectorBytes != 512 && parameters.sectorBytes != 4096) {
        throw new ImportException(
            name, "claims sectors of " + parameters.sectorBytes + " bytes: it is damaged");
      }
      long length = parameters.length;
      if (length <= 0 || length > MOST_DISK || length % parameters.sectorBytes != 0) {
        throw new ImportException(
            name, "claims a disk of " + Long.toUnsignedString(length) + " bytes: it is damaged");
      }
      return parameters;
    }

    private static ByteBuffer required(
        String name, Map<UUID, ByteBuffer> metadata, UUID identifier, int bytes)
        throws ImportException {
      ByteBuffer item = metadata.get(identifier);
      if (item == null || item.limit() < bytes) {
        throw new ImportException(name, "lacks the metadata " + identifier + ": it is damaged");
      }
      return item;
    }

    String subformat() {
      return hasParent ? "differencing" : fixed ? "fixed" : "dynamic";
    }
  }

  /** Takes {@code file} over. */
  static ImportedImage open(ByteSource file, Path path, OpenChain chain) throws IOException {
    if (file.size() < MIB) {
      throw new ImportException(file.name(), "is too short for a VHDX image: it is cut off");
    }
    VhdxHeader header = VhdxHeader.read(file);
    ByteSource replayed = VhdxLog.replayed(file, header);
    VhdxRegions tables = new VhdxRegions(replayed);
    Map<UUID, VhdxRegions.Region> regions = tables.regions();
    Map<UUID, ByteBuffer> metadata = tables.metadata(regions.get(VhdxRegions.METADATA));
    Parameters parameters = Parameters.of(file.name(), metadata);
    VhdxImage image = new VhdxImage(replayed, regions.get(VhdxRegions.BLOCK_TABLE), parameters);
    image.owns(replayed);
    image.detail("block size", parameters.blockBytes());
    image.detail("logical sector size", parameters.sectorBytes());
    image.detail("log replayed in memory", header.logIdentifier().equals(Guid.NONE) ? "no" : "yes");
    image.detail("data write id", header.dataIdentifier());
    if (parameters.hasParent() && chain.follows()) {
      try {
        image.findParent(
            path, chain, VhdxParent.parse(file.name(), metadata.get(VhdxRegions.PARENT_LOCATOR)));
      } catch (IOException | RuntimeException e) {
        image.close();
        throw e;
      }
    }
    return image;
  }

  private void findParent(Path path, OpenChain chain, VhdxParent named) throws IOException {
    List<Path> candidates = new ArrayList<>();
    for (String name : named.paths()) {
      candidates.addAll(OpenChain.candidates(path, name));
    }
    for (Path candidate : new LinkedHashSet<>(candidates)) {
      if (named.linkages().contains(identifierOf(candidate))) {
        standsOn(Imports.open(candidate, ImageFormat.VHDX, chain));
        return;
      }
    }
    throw new ImportException(
        file.name(),
        "is a difference to "
            + String.join(" or ", named.paths())
            + (candidates.isEmpty()
                ? ", which is not there: put it beside it"
                : "; a file of that name is there, but is another image, or was written to since"));
  }

  private static UUID identifierOf(Path candidate) throws IOException {
    try (ImageFile file = ImageFile.open(candidate, false)) {
      return VhdxHeader.read(file).dataIdentifier();
    } catch (ImportException e) {
      return Guid.NONE; // a file of that name, but no VHDX
    }
  }

  @Override
  Piece locate(long offset, long length) throws IOException {
    long block = offset / blockBytes;
    long skip = offset % blockBytes;
    long count = Math.min(length, blockBytes - skip);
    long entry = tables.entry64(tablePosition + (block + block / chunkBlocks) * 8);
    long position = (entry >>> 20) * MIB;
    return switch ((int) entry & 7) {
      case NOT_PRESENT -> new Piece.Absent(count);
      case UNDEFINED, ZERO, UNMAPPED, UNMAPPED_DRAFT -> new Piece.Zero(count);
      case FULLY_PRESENT -> stored(count, block, position, skip);
      case PARTIALLY_PRESENT -> partial(offset, count, block, position);
      default ->
          throw new ImportException(
              file.name(), "block " + block + " has the reserved state 4: the table is damaged");
    };
  }

  /** Some sectors here, the others in the parent, as the chunk's bitmap says. */
  private Piece partial(long offset, long count, long block, long position) throws IOException {
    long chunk = block / chunkBlocks;
    long bitmap = tables.entry64(tablePosition + (chunk * (chunkBlocks + 1) + chunkBlocks) * 8);
    if (!differencing || (bitmap & 7) != FULLY_PRESENT) {
      throw new ImportException(
          file.name(), "block " + block + " is a part of one, without a bitmap: it is damaged");
    }
    long sector = offset / sectorBytes;
    long sectors = (offset + count + sectorBytes - 1) / sectorBytes - sector;
    long run = tables.run((bitmap >>> 20) * MIB, sector % CHUNK_SECTORS, sectors, false);
    long length = Math.min(count, (sector + Math.abs(run)) * sectorBytes - offset);
    return run > 0
        ? stored(length, block, position, offset % blockBytes)
        : new Piece.Absent(length);
  }

  private Piece stored(long count, long block, long position, long skip) throws IOException {
    if (position < MIB || position > file.size() - skip - count) {
      throw new ImportException(
          file.name(),
          "block "
              + block
              + " lies at byte "
              + position
              + ", outside of the file: it is damaged or cut off");
    }
    return new Piece.Stored(count, file, position + skip);
  }
}
