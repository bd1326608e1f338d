package org.wardian.storage;

/**
 * What a new image is like. All but the first three apply to qcow2 only.
 *
 * @param format {@link ImageFormat#RAW} or {@link ImageFormat#QCOW2}
 * @param size bytes of the disk, a multiple of 512; -1 takes the backing file's
 * @param preallocation what room is taken at once
 * @param version 2 or 3
 * @param clusterSize bytes, a power of two from 512 to 2 MiB
 * @param refcountBits a power of two from 1 to 64; version 2 has 16
 * @param lazyRefcounts whether counts of uses are written late and repaired after a crash
 * @param extendedL2 whether a cluster has 32 parts that are allocated on their own; clusters of at
 *     least 16 KiB
 * @param compression how compressed clusters are packed
 * @param backing name of the backing file as the image records it, relative to the image's own
 *     folder; or null
 * @param backingFormat the backing file's format; null to look at its content once, and record it
 * @param dataFile name of a file that holds the guest's data, or null; a relative one starts from
 *     the image's folder here, but from the folder where it is started for QEMU: better absolute
 * @param rawDataFile whether that file is a raw image by itself
 */
public record CreateOptions(
    ImageFormat format,
    long size,
    Preallocation preallocation,
    int version,
    int clusterSize,
    int refcountBits,
    boolean lazyRefcounts,
    boolean extendedL2,
    Compression compression,
    String backing,
    ImageFormat backingFormat,
    String dataFile,
    boolean rawDataFile) {
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

  /** A raw image of {@code size} bytes. */
  public static CreateOptions raw(long size) {
    return of(ImageFormat.RAW, size);
  }

  /** A qcow2 image as {@code qemu-img create} makes it: version 3, clusters of 64 KiB. */
  public static CreateOptions qcow2(long size) {
    return of(ImageFormat.QCOW2, size);
  }

  private static CreateOptions of(ImageFormat format, long size) {
    return new CreateOptions(
        format,
        size,
        Preallocation.OFF,
        3,
        64 << 10,
        16,
        false,
        false,
        Compression.ZLIB,
        null,
        null,
        null,
        false);
  }

  /** The same with another size in bytes; -1 takes the backing file's. */
  public CreateOptions withSize(long value) {
    return new CreateOptions(
        format,
        value,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with room taken at once. */
  public CreateOptions withPreallocation(Preallocation value) {
    return new CreateOptions(
        format,
        size,
        value,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same in version 2 or 3 of qcow2. */
  public CreateOptions withVersion(int value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        value,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with clusters of another size in bytes. */
  public CreateOptions withClusterSize(int value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        value,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with counts of uses of another width. */
  public CreateOptions withRefcountBits(int value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        value,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with late counts of uses. */
  public CreateOptions withLazyRefcounts(boolean value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        value,
        extendedL2,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with clusters in 32 parts. */
  public CreateOptions withExtendedL2(boolean value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        value,
        compression,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with another packing of compressed clusters. */
  public CreateOptions withCompression(Compression value) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        value,
        backing,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same as an overlay; names as the image records them. */
  public CreateOptions withBacking(String name, ImageFormat backingFormat) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        name,
        backingFormat,
        dataFile,
        rawDataFile);
  }

  /** The same with the guest's data in a file of its own. */
  public CreateOptions withDataFile(String name, boolean raw) {
    return new CreateOptions(
        format,
        size,
        preallocation,
        version,
        clusterSize,
        refcountBits,
        lazyRefcounts,
        extendedL2,
        compression,
        backing,
        backingFormat,
        name,
        raw);
  }
}
