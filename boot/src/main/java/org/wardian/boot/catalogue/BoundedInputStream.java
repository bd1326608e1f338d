package org.wardian.boot.catalogue;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Refuses to give more bytes than a limit, against a small compressed file that unpacks to fill the
 * memory or keep the processor busy for ever.
 */
final class BoundedInputStream extends FilterInputStream {
  private final String origin;
  private final long limit;
  private long count;

  /**
   * @param in what to read
   * @param limit how many bytes it may have
   * @param origin what to call it in an error
   */
  BoundedInputStream(InputStream in, long limit, String origin) {
    super(in);
    this.limit = limit;
    this.origin = origin;
  }

  String origin() {
    return origin;
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    if (value >= 0) {
      counted(1);
    }
    return value;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int got = super.read(buffer, offset, length);
    if (got > 0) {
      counted(got);
    }
    return got;
  }

  @Override
  public long skip(long bytes) throws IOException {
    long skipped = super.skip(bytes);
    counted(skipped);
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void counted(long bytes) throws CatalogueException {
    count += bytes;
    if (count > limit) {
      throw new CatalogueException(
          Kind.MALFORMED, "refused " + origin + ": it unpacks to more than " + limit + " bytes");
    }
  }
}
