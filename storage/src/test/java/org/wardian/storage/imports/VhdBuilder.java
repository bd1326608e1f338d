package org.wardian.storage.imports;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Writes dynamic and differencing VHDs by the specification, sector by sector. */
final class VhdBuilder {
  private static final int SECTOR = 512;
  private static final int HEADER = 512;
  private static final int TABLE = 1536;

  private final int length;
  private final int blockBytes;
  private final UUID identifier;
  private UUID parent;
  private String parentName = "";
  private int locatorPlatform;
  private String locator = "";

  VhdBuilder(int length, int blockBytes, UUID identifier) {
    this.length = length;
    this.blockBytes = blockBytes;
    this.identifier = identifier;
  }

  VhdBuilder parent(UUID parentIdentifier, String name) {
    parent = parentIdentifier;
    parentName = name;
    return this;
  }

  /** A locator of one platform: W2ru, W2ku or MacX as a number. */
  VhdBuilder locator(int platform, String path) {
    locatorPlatform = platform;
    locator = path;
    return this;
  }

  /**
   * The file.
   *
   * @param disk content; a block without a present sector is not stored
   * @param present whether each sector is in this image
   */
  byte[] build(byte[] disk, boolean[] present) {
    int blocks = (length + blockBytes - 1) / blockBytes;
    int bitmap = (blockBytes / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
    int tableBytes = (blocks * 4 + SECTOR - 1) / SECTOR * SECTOR;
    int locatorAt = TABLE + tableBytes;
    int firstBlock = locatorAt + 2 * SECTOR;
    ByteBuffer file = ByteBuffer.allocate(firstBlock + blocks * (bitmap + blockBytes) + SECTOR);
    int at = firstBlock;
    for (int block = 0; block < blocks; block++) {
      int entry = TABLE + block * 4;
      file.putInt(entry, -1);
      boolean any = false;
      for (int i = 0; i < blockBytes / SECTOR; i++) {
        int sector = block * (blockBytes / SECTOR) + i;
        if (sector >= length / SECTOR || !present[sector]) {
          continue;
        }
        any = true;
        file.put(at + i / 8, (byte) (file.get(at + i / 8) | 0x80 >> i % 8));
        file.put(at + bitmap + i * SECTOR, disk, sector * SECTOR, SECTOR);
      }
      if (any) {
        file.putInt(entry, at / SECTOR);
        at += bitmap + blockBytes;
      }
    }
    ByteBuffer footer = footer();
    file.put(0, footer, 0, SECTOR).put(at, footer, 0, SECTOR);
    file.put(HEADER, header(blocks, locatorAt), 0, 1024);
    byte[] path = locatorBytes();
    file.put(locatorAt, path, 0, path.length);
    byte[] bytes = new byte[at + SECTOR];
    file.get(0, bytes);
    return bytes;
  }

  private ByteBuffer footer() {
    ByteBuffer footer = ByteBuffer.allocate(SECTOR);
    footer.put(0, "conectix".getBytes(StandardCharsets.US_ASCII));
    footer.putInt(8, 2).putInt(12, 0x00010000).putLong(16, HEADER);
    footer.put(28, "win ".getBytes(StandardCharsets.US_ASCII));
    footer.putLong(40, length).putLong(48, length);
    footer.putInt(60, parent == null ? VhdFooter.DYNAMIC : VhdFooter.DIFFERENCING);
    footer.putLong(68, identifier.getMostSignificantBits());
    footer.putLong(76, identifier.getLeastSignificantBits());
    return footer.putInt(64, VhdFooter.checksum(footer, 64));
  }

  private ByteBuffer header(int blocks, int locatorAt) {
    ByteBuffer header = ByteBuffer.allocate(1024);
    header.put(0, "cxsparse".getBytes(StandardCharsets.US_ASCII));
    header.putLong(8, -1).putLong(16, TABLE).putInt(24, 0x00010000);
    header.putInt(28, blocks).putInt(32, blockBytes);
    if (parent != null) {
      header.putLong(40, parent.getMostSignificantBits());
      header.putLong(48, parent.getLeastSignificantBits());
      header.put(64, parentName.getBytes(StandardCharsets.UTF_16BE));
      if (!locator.isEmpty()) {
        header.putInt(576, locatorPlatform).putInt(580, 2 * SECTOR);
        header.putInt(584, locatorBytes().length).putLong(592, locatorAt);
      }
    }
    return header.putInt(36, VhdFooter.checksum(header, 36));
  }

  private byte[] locatorBytes() {
    return locator.getBytes(
        locatorPlatform == 0x4d616358 ? StandardCharsets.UTF_8 : StandardCharsets.UTF_16LE);
  }

  Path write(Path path, byte[] disk, boolean[] present) throws java.io.IOException {
    return Files.write(path, build(disk, present));
  }
}
