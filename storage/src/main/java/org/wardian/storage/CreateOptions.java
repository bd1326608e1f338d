package org.wardian.storage;

/**
 * What a new image is like: immutable, each {@code with…} gives another one. All but format, size
 * and preallocation apply to qcow2 only.
 */
public final class CreateOptions {
  /** What room a new image takes at once. */
  public enum Preallocation {
    /** None. */
    OFF,
    /** Tables only (qcow2). */
    METADATA,
    /** The file system sets the room aside. */
    FALLOC,
    /** Zeroes are written. */
    FULL
  }

  /** How compressed clusters are packed. */
  public enum Compression {
    /** Deflate, RFC 1951. */
    ZLIB,
    /** Zstandard, RFC 8878. */
    ZSTD
  }

  private final ImageFormat format;
  private long size;
  private Preallocation preallocation = Preallocation.OFF;
  private int version = 3;
  private int clusterSize = 64 << 10;
  private int refcountBits = 16;
  private boolean lazyRefcounts;
  private boolean extendedL2;
  private Compression compression = Compression.ZLIB;
  private String backing;
  private ImageFormat backingFormat;
  private String dataFile;
  private boolean rawDataFile;

  private CreateOptions(ImageFormat format, long size) {
    this.format = format;
    this.size = size;
  }

  private CreateOptions(CreateOptions other) {
    format = other.format;
    size = other.size;
    preallocation = other.preallocation;
    version = other.version;
    clusterSize = other.clusterSize;
    refcountBits = other.refcountBits;
    lazyRefcounts = other.lazyRefcounts;
    extendedL2 = other.extendedL2;
    compression = other.compression;
    backing = other.backing;
    backingFormat = other.backingFormat;
    dataFile = other.dataFile;
    rawDataFile = other.rawDataFile;
  }

  /** A raw image of {@code size} bytes. */
  public static CreateOptions raw(long size) {
    return new CreateOptions(ImageFormat.RAW, size);
  }

  /** A qcow2 image as {@code qemu-img create} makes it: version 3, clusters of 64 KiB. */
  public static CreateOptions qcow2(long size) {
    return new CreateOptions(ImageFormat.QCOW2, size);
  }

  /** {@link ImageFormat#RAW} or {@link ImageFormat#QCOW2}. */
  public ImageFormat format() {
    return format;
  }

  /** Bytes of the disk, a multiple of 512; -1 takes the backing file's. */
  public long size() {
    return size;
  }

  /** What room is taken at once. */
  public Preallocation preallocation() {
    return preallocation;
  }

  /** 2 or 3. */
  public int version() {
    return version;
  }

  /** Bytes, a power of two from 512 to 2 MiB. */
  public int clusterSize() {
    return clusterSize;
  }

  /** A power of two from 1 to 64; version 2 has 16. */
  public int refcountBits() {
    return refcountBits;
  }

  /** Whether counts of uses are written late and repaired after a crash. */
  public boolean lazyRefcounts() {
    return lazyRefcounts;
  }

  /**
   * Whether a cluster has 32 parts that are allocated on their own; clusters of at least 16 KiB.
   */
  public boolean extendedL2() {
    return extendedL2;
  }

  /** How compressed clusters are packed. */
  public Compression compression() {
    return compression;
  }

  /**
   * Name of the backing file as the image records it, relative to the image's own folder; or null.
   */
  public String backing() {
    return backing;
  }

  /** The backing file's format; null to look at its content once, and record it. */
  public ImageFormat backingFormat() {
    return backingFormat;
  }

  /**
   * Name of a file that holds the guest's data, or null; a relative one starts from the image's
   * folder here, but from the folder where it is started for QEMU: better absolute.
   */
  public String dataFile() {
    return dataFile;
  }

  /** Whether that file is a raw image by itself. */
  public boolean rawDataFile() {
    return rawDataFile;
  }

  /** The same with another size in bytes; -1 takes the backing file's. */
  public CreateOptions withSize(long value) {
    CreateOptions made = new CreateOptions(this);
    made.size = value;
    return made;
  }

  /** The same with room taken at once. */
  public CreateOptions withPreallocation(Preallocation value) {
    CreateOptions made = new CreateOptions(this);
    made.preallocation = value;
    return made;
  }

  /** The same in version 2 or 3 of qcow2. */
  public CreateOptions withVersion(int value) {
    CreateOptions made = new CreateOptions(this);
    made.version = value;
    return made;
  }

  /** The same with clusters of another size in bytes. */
  public CreateOptions withClusterSize(int value) {
    CreateOptions made = new CreateOptions(this);
    made.clusterSize = value;
    return made;
  }

  /** The same with counts of uses of another width. */
  public CreateOptions withRefcountBits(int value) {
    CreateOptions made = new CreateOptions(this);
    made.refcountBits = value;
    return made;
  }

  /** The same with late counts of uses. */
  public CreateOptions withLazyRefcounts(boolean value) {
    CreateOptions made = new CreateOptions(this);
    made.lazyRefcounts = value;
    return made;
  }

  /** The same with clusters in 32 parts. */
  public CreateOptions withExtendedL2(boolean value) {
    CreateOptions made = new CreateOptions(this);
    made.extendedL2 = value;
    return made;
  }

  /** The same with another packing of compressed clusters. */
  public CreateOptions withCompression(Compression value) {
    CreateOptions made = new CreateOptions(this);
    made.compression = value;
    return made;
  }

  /** The same as an overlay; names as the image records them. */
  public CreateOptions withBacking(String name, ImageFormat backingFormat) {
    CreateOptions made = new CreateOptions(this);
    made.backing = name;
    made.backingFormat = backingFormat;
    return made;
  }

  /** The same with the guest's data in a file of its own. */
  public CreateOptions withDataFile(String name, boolean raw) {
    CreateOptions made = new CreateOptions(this);
    made.dataFile = name;
    made.rawDataFile = raw;
    return made;
  }
}
