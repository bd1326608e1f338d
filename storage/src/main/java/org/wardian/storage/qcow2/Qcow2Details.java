package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.CreateOptions.Compression;
import org.wardian.storage.FileStore;

/**
 * What the header of a qcow2 image says.
 *
 * @param version 2 or 3
 * @param size bytes of the disk
 * @param clusterSize bytes
 * @param refcountBits bits of a reference count
 * @param lazyRefcounts whether counts are written late
 * @param extendedL2 whether clusters have subclusters
 * @param compression of compressed clusters
 * @param dirty whether the counts are to be repaired
 * @param corrupt whether damage was found
 * @param backing the backing file's name as recorded, or null
 * @param backingFormat its format as recorded, or null
 * @param dataFile the data file's name as recorded, or null
 * @param rawDataFile whether that is a raw image
 */
public record Qcow2Details(
    int version,
    long size,
    int clusterSize,
    int refcountBits,
    boolean lazyRefcounts,
    boolean extendedL2,
    Compression compression,
    boolean dirty,
    boolean corrupt,
    String backing,
    String backingFormat,
    String dataFile,
    boolean rawDataFile) {
  /** Reads a header; nothing else of the image, or behind it, is looked at. */
  public static Qcow2Details of(FileStore file) throws IOException {
    return of(Qcow2Header.read(file));
  }

  static Qcow2Details of(Qcow2Header header) {
    return new Qcow2Details(
        header.version,
        header.size,
        1 << header.clusterBits,
        1 << header.refcountOrder,
        (header.compatible & Feature.LAZY_REFCOUNTS) != 0,
        header.extendedL2(),
        header.compression == CompressedClusters.ZSTD ? Compression.ZSTD : Compression.ZLIB,
        (header.incompatible & Feature.DIRTY) != 0,
        (header.incompatible & Feature.CORRUPT) != 0,
        header.backing,
        header.backingFormat,
        header.dataFile,
        (header.autoclear & Feature.RAW_DATA_FILE) != 0);
  }
}
