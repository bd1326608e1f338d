package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.CreateOptions.Compression;
import org.wardian.storage.CreateOptions.Preallocation;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNames;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** Makes a new image. */
final class Qcow2Creation {
  private final Path path;
  private final CreateOptions options;
  private Path dataPath;

  Qcow2Creation(Path path, CreateOptions options) {
    this.path = path;
    this.options = options;
  }

  void run() throws IOException {
    Qcow2Header header = header();
    try (FileStore file = FileStore.create(path)) {
      boolean madeData = false;
      try {
        if (options.dataFile() != null) {
          dataPath = ImageNames.resolve(path, options.dataFile());
          try (FileStore data = FileStore.create(dataPath)) {
            madeData = true;
            // A raw data file is as long as the disk from the start.
            data.resize(options.rawDataFile() ? header.size : 0);
          }
        }
        write(file, header);
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(path);
        if (madeData) {
          Files.deleteIfExists(dataPath);
        }
        throw e;
      }
    }
    try {
      preallocate(header.size);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(path);
      if (dataPath != null) {
        Files.deleteIfExists(dataPath);
      }
      throw e;
    }
  }

  private Qcow2Header header() throws IOException {
    Qcow2Header header = new Qcow2Header();
    header.version = options.version();
    require(header.version == 2 || header.version == 3, "the version is 2 or 3");
    int cluster = options.clusterSize();
    header.clusterBits = Integer.numberOfTrailingZeros(cluster);
    require(
        Integer.bitCount(cluster) == 1
            && header.clusterBits >= Qcow2Header.MIN_CLUSTER_BITS
            && header.clusterBits <= Qcow2Header.MAX_CLUSTER_BITS,
        "a cluster has a power of two of bytes from 512 to 2 MiB");
    int bits = options.refcountBits();
    require(
        Integer.bitCount(bits) == 1 && bits >= 1 && bits <= 64,
        "a reference count has a power of two of bits from 1 to 64");
    header.refcountOrder = Integer.numberOfTrailingZeros(bits);
    if (header.version == 2) {
      header.headerLength = Qcow2Header.SIZE_V2;
      require(bits == 16, "version 2 has reference counts of 16 bits");
      require(!options.lazyRefcounts(), "lazy reference counts need version 3");
      require(!options.extendedL2(), "subclusters need version 3");
      require(options.compression() == Compression.ZLIB, "zstd needs version 3");
      require(options.dataFile() == null, "a data file needs version 3");
    }
    features(header);
    header.size = size();
    require(header.size >= 0 && header.size % 512 == 0, "the size is a multiple of 512 bytes");
    require(
        header.l1EntriesFor(header.size) <= Qcow2Header.MAX_L1_BYTES / 8,
        "a disk of " + header.size + " bytes needs larger clusters");
    return header;
  }

  private void features(Qcow2Header header) {
    if (options.lazyRefcounts()) {
      header.compatible |= Feature.LAZY_REFCOUNTS;
    }
    if (options.extendedL2()) {
      require(
          header.clusterBits >= Qcow2Header.MIN_EXTENDED_CLUSTER_BITS,
          "subclusters need clusters of at least 16 KiB");
      header.incompatible |= Feature.EXTENDED_L2;
    }
    if (options.compression() == Compression.ZSTD) {
      header.incompatible |= Feature.COMPRESSION;
      header.compression = CompressedClusters.ZSTD;
    }
    if (options.dataFile() != null) {
      header.incompatible |= Feature.DATA_FILE;
      header.dataFile = options.dataFile();
      if (options.rawDataFile()) {
        require(options.backing() == null, "a raw data file excludes a backing file");
        header.autoclear |= Feature.RAW_DATA_FILE;
      }
    } else {
      require(!options.rawDataFile(), "there is no data file that could be raw");
    }
    header.backing = options.backing();
  }

  private static void require(boolean held, String rule) {
    if (!held) {
      throw new IllegalArgumentException(rule);
    }
  }

  /** The size that is asked for, or the backing file's; and the backing file's format. */
  private long size() throws IOException {
    if (options.backing() == null) {
      return options.size();
    }
    require(
        options.backing().length() <= Qcow2Header.MAX_BACKING_NAME,
        "a backing file's name has at most 1023 bytes");
    Path backing = ImageNames.resolve(path, options.backing());
    // Whoever gives the size takes nothing from its content, which a running machine may be
    // changing.
    OpenOptions open =
        OpenOptions.readOnly().withFormat(options.backingFormat()).withLocked(options.size() < 0);
    try (BlockImage below = Images.open(backing, open)) {
      return options.size() < 0 ? below.length() : options.size();
    }
  }

  private String backingFormat() throws IOException {
    if (options.backing() == null) {
      return null;
    }
    if (options.backingFormat() != null) {
      return options.backingFormat().text();
    }
    Path backing = ImageNames.resolve(path, options.backing());
    try (FileStore file = FileStore.open(backing, false, false)) {
      return ImageFormat.probe(file).text();
    }
  }

  /** Header, refcount table, one refcount block and the L1 table, in this order. */
  private void write(FileStore file, Qcow2Header header) throws IOException {
    header.backingFormat = backingFormat();
    Geometry geometry = Geometry.of(header);
    int clusterSize = geometry.clusterSize();
    header.l1Size = (int) header.l1EntriesFor(header.size);
    long l1Clusters = geometry.clusters(header.l1Size * 8L);
    long perBlock = 1L << geometry.refcountBlockBits();
    long blocks = 1;
    long tableClusters = 1;
    while (true) {
      long all = 1 + tableClusters + blocks + l1Clusters;
      long blocksNeeded = (all + perBlock - 1) / perBlock;
      long tableNeeded = geometry.clusters(blocksNeeded * 8);
      if (blocksNeeded <= blocks && tableNeeded <= tableClusters) {
        break;
      }
      blocks = Math.max(blocks, blocksNeeded);
      tableClusters = Math.max(tableClusters, tableNeeded);
    }
    header.refcountTableOffset = clusterSize;
    header.refcountTableClusters = (int) tableClusters;
    long firstBlock = 1 + tableClusters;
    header.l1Offset = header.l1Size == 0 ? 0 : firstBlock + blocks << header.clusterBits;
    long used = firstBlock + blocks + l1Clusters;
    ByteBuffer head = header.serialize(path);
    long[] table = new long[(int) (tableClusters * clusterSize / 8)];
    for (int i = 0; i < blocks; i++) {
      table[i] = firstBlock + i << header.clusterBits;
      byte[] counts = new byte[clusterSize];
      for (long cluster = i * perBlock; cluster < Math.min(used, (i + 1) * perBlock); cluster++) {
        int index = (int) (cluster - i * perBlock);
        RefcountBlock.set(counts, geometry.refcountOrder(), index, 1);
      }
      file.write(table[i], ByteBuffer.wrap(counts));
    }
    TableFile.write(file, header.refcountTableOffset, table);
    TableFile.write(file, header.l1Offset, new long[(int) (l1Clusters * clusterSize / 8)]);
    file.write(0, head);
    file.flush();
  }

  private void preallocate(long size) throws IOException {
    if (options.preallocation() == Preallocation.OFF || size == 0) {
      return;
    }
    require(
        options.backing() == null || options.extendedL2(),
        "preallocation hides a backing file, but with subclusters");
    OpenOptions open = OpenOptions.readWrite().withFormat(ImageFormat.QCOW2).withChain(false);
    try (Qcow2Image image = (Qcow2Image) Images.open(path, open)) {
      new Preallocating(image).run(0, size, options.preallocation());
    }
  }
}
