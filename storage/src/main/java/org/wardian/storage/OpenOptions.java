package org.wardian.storage;

/**
 * How an image is opened.
 *
 * @param format what it is, or null to look at its content; see {@link ImageFormat} for the hazard
 * @param writable whether it may be changed; its backing files are never
 * @param locked whether to keep other writers out, and be kept out by them
 * @param chain whether to open its backing file too; without, what the image itself does not hold
 *     reads as zeroes
 * @param flushed whether a flush reaches stable storage; without, a crash of the host may lose or
 *     tear what was written: for files that are thrown away if it comes to that
 * @param discards whether discards give room back to the host
 * @param cacheBytes memory for an image's tables
 */
public record OpenOptions(
    ImageFormat format,
    boolean writable,
    boolean locked,
    boolean chain,
    boolean flushed,
    boolean discards,
    int cacheBytes) {
  /** Tables of 256 GiB of a disk with clusters of 64 KiB. */
  private static final int USUAL_CACHE = 32 << 20;

  private static final OpenOptions READ_ONLY =
      new OpenOptions(null, false, true, true, true, true, USUAL_CACHE);

  /** For reading, format by content, with locks and backing files. */
  public static OpenOptions readOnly() {
    return READ_ONLY;
  }

  /** For reading and writing, else as {@link #readOnly}. */
  public static OpenOptions readWrite() {
    return READ_ONLY.withWritable(true);
  }

  /** The same with a format, or null to look at the content. */
  public OpenOptions withFormat(ImageFormat value) {
    return new OpenOptions(value, writable, locked, chain, flushed, discards, cacheBytes);
  }

  /** The same, writable or not. */
  public OpenOptions withWritable(boolean value) {
    return new OpenOptions(format, value, locked, chain, flushed, discards, cacheBytes);
  }

  /** The same, with locks or not. */
  public OpenOptions withLocked(boolean value) {
    return new OpenOptions(format, writable, value, chain, flushed, discards, cacheBytes);
  }

  /** The same, with backing files or not. */
  public OpenOptions withChain(boolean value) {
    return new OpenOptions(format, writable, locked, value, flushed, discards, cacheBytes);
  }

  /** The same, with real flushes or not. */
  public OpenOptions withFlushed(boolean value) {
    return new OpenOptions(format, writable, locked, chain, value, discards, cacheBytes);
  }

  /** The same, with discards or not. */
  public OpenOptions withDiscards(boolean value) {
    return new OpenOptions(format, writable, locked, chain, flushed, value, cacheBytes);
  }

  /** The same, with another amount of memory for tables, in bytes. */
  public OpenOptions withCacheBytes(int value) {
    return new OpenOptions(format, writable, locked, chain, flushed, discards, value);
  }
}
