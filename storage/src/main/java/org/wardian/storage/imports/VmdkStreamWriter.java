package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.Deflater;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.FileStore;
import org.wardian.storage.operation.Progress;

/**
 * Writes a disk as a stream-optimised VMDK, which VMware, VirtualBox and appliances take ("Virtual
 * Disk Format 5.0", 'Stream-Optimized Compressed Sparse Extents'): grains of 64 KiB, each deflated,
 * a table behind every 512 of them, the directory and a footer at the end.
 */
public final class VmdkStreamWriter {
  private static final int SECTOR = 512;
  private static final int GRAIN_SECTORS = 128;
  private static final int GRAIN = GRAIN_SECTORS * SECTOR;
  private static final int TABLE_ENTRIES = 512;
  private static final int DESCRIPTOR_SECTORS = 20;
  private static final int OVERHEAD_SECTORS = 128;
  private static final int MARKER = 12;

  private static final int TABLE_MARKER = 1;
  private static final int DIRECTORY_MARKER = 2;
  private static final int FOOTER_MARKER = 3;

  /** Sector numbers have 32 bits. */
  private static final long MOST_FILE_SECTORS = 1L << 32;

  /** The directory is kept in memory: 64 TiB. */
  private static final long MOST_DISK = 64L << 40;

  private final BlockImage disk;
  private final FileStore file;
  private final long sectors;
  private final ByteBuffer out = buffer(4 << 20);
  private long outPosition;
  private long position;

  private VmdkStreamWriter(BlockImage disk, FileStore file) {
    this.disk = disk;
    this.file = file;
    this.sectors = disk.length() / SECTOR;
  }

  /**
   * Writes a file that did not exist; a failure leaves none.
   *
   * @throws IOException where the host fails, or the file would become larger than the format can
   *     address
   */
  public static void write(BlockImage disk, Path path, Progress progress) throws IOException {
    if (disk.length() > MOST_DISK) {
      throw new IllegalArgumentException("a VMDK has at most 64 TiB");
    }
    try (FileStore file = FileStore.create(path)) {
      try {
        new VmdkStreamWriter(disk, file).run(path.getFileName().toString(), progress);
        file.flush();
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(path);
        throw e;
      }
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void run(String name, Progress progress) throws IOException {
    put(header(-1));
    put(descriptor(name));
    pad(OVERHEAD_SECTORS * SECTOR);
    long grains = (sectors + GRAIN_SECTORS - 1) / GRAIN_SECTORS;
    int tables = (int) ((grains + TABLE_ENTRIES - 1) / TABLE_ENTRIES);
    ByteBuffer directory = buffer((tables * 4 + SECTOR - 1) / SECTOR * SECTOR);
    ByteBuffer table = buffer(TABLE_ENTRIES * 4);
    byte[] grain = new byte[GRAIN];
    byte[] packed = new byte[GRAIN + GRAIN / 8];
    try (Deflater deflater = new Deflater()) {
      for (int i = 0; i < tables; i++) {
        boolean any = false;
        table.clear();
        for (int k = 0; k < TABLE_ENTRIES; k++) {
          long at = ((long) i * TABLE_ENTRIES + k) * GRAIN;
          int entry = 0;
          if (at < disk.length() && readGrain(at, grain)) {
            entry = sectorNumber();
            putGrain(at / SECTOR, grain, packed, deflater);
            any = true;
          }
          table.putInt(k * 4, entry);
          progress.report(Math.min(at + GRAIN, disk.length()), disk.length());
        }
        if (any) {
          marker(TABLE_MARKER, table.capacity());
          directory.putInt(i * 4, sectorNumber());
          put(table.clear());
        }
      }
    }
    marker(DIRECTORY_MARKER, directory.capacity());
    long directorySector = sectorNumber();
    put(directory.clear());
    marker(FOOTER_MARKER, SECTOR);
    put(header(directorySector));
    put(buffer(SECTOR)); // the end of the stream
    drain();
  }

  /** Reads a grain, zeroes behind the disk's end; false where all of it is zeroes. */
  private boolean readGrain(long at, byte[] grain) throws IOException {
    int length = (int) Math.min(GRAIN, disk.length() - at);
    Extent extent = disk.extent(at, length);
    if (extent.kind() != Extent.Kind.DATA && extent.length() == length) {
      return false;
    }
    Arrays.fill(grain, length, GRAIN, (byte) 0);
    disk.read(at, ByteBuffer.wrap(grain, 0, length));
    for (byte each : grain) {
      if (each != 0) {
        return true;
      }
    }
    return false;
  }

  private void putGrain(long sector, byte[] grain, byte[] packed, Deflater deflater)
      throws IOException {
    deflater.reset();
    deflater.setInput(grain);
    deflater.finish();
    int length = deflater.deflate(packed);
    ByteBuffer whole = buffer((MARKER + length + SECTOR - 1) / SECTOR * SECTOR);
    whole.putLong(0, sector).putInt(8, length).put(MARKER, packed, 0, length);
    put(whole);
  }

  private void marker(int type, int bytes) throws IOException {
    put(buffer(SECTOR).putLong(0, bytes / SECTOR).putInt(8, 0).putInt(12, type));
  }

  private ByteBuffer header(long directory) {
    ByteBuffer header = buffer(SECTOR);
    header.putInt(0, VmdkSparseExtent.MAGIC).putInt(4, 3).putInt(8, 0x30001);
    header.putLong(12, sectors).putLong(20, GRAIN_SECTORS);
    header.putLong(28, 1).putLong(36, DESCRIPTOR_SECTORS).putInt(44, TABLE_ENTRIES);
    header.putLong(56, directory).putLong(64, OVERHEAD_SECTORS);
    header.putInt(73, 0x0a0d200a).putShort(77, (short) 1);
    return header;
  }

  private ByteBuffer descriptor(String name) {
    long cylinders = Math.min(65535, sectors / (255 * 63));
    String text =
        """
        # Disk DescriptorFile
        version=1
        CID=%08x
        parentCID=ffffffff
        createType="streamOptimized"

        # Extent description
        RW %d SPARSE "%s"

        # The Disk Data Base
        #DDB

        ddb.virtualHWVersion = "4"
        ddb.adapterType = "lsilogic"
        ddb.geometry.cylinders = "%d"
        ddb.geometry.heads = "255"
        ddb.geometry.sectors = "63"
        """
            .formatted(
                ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE),
                sectors,
                name.replaceAll("[\"\\p{Cntrl}]", "_"),
                cylinders);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return buffer(DESCRIPTOR_SECTORS * SECTOR).put(0, bytes);
  }

  private int sectorNumber() throws IOException {
    if (position / SECTOR >= MOST_FILE_SECTORS) {
      throw new IOException(
          file.path() + " would become larger than the 2 TiB that a VMDK can address");
    }
    return (int) (position / SECTOR);
  }

  private void pad(long to) throws IOException {
    while (position < to) {
      put(buffer(SECTOR));
    }
  }

  /** Appends all of a buffer, whatever its position. */
  private void put(ByteBuffer bytes) throws IOException {
    if (bytes.capacity() > out.remaining()) {
      drain();
    }
    if (bytes.capacity() > out.capacity()) {
      file.write(outPosition, bytes.clear());
      outPosition += bytes.capacity();
    } else {
      out.put(bytes.clear());
    }
    position += bytes.capacity();
  }

  private void drain() throws IOException {
    out.flip();
    int bytes = out.remaining();
    file.write(outPosition, out);
    outPosition += bytes;
    out.clear();
  }
}
