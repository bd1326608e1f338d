package org.wardian.cli.manage;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Content in blocks of {@value #BLOCK} bytes, those without a bit that is one apart from the
 * others: they need not be sent.
 */
final class ZeroRuns {
  static final int BLOCK = 65_536;
  private static final int CHUNK = 4 * BLOCK;

  /** Takes content in order. */
  interface Taker {
    /** Takes bytes, which belong to the caller again when it returns. */
    void data(byte[] bytes, int offset, int length) throws LibvirtException, IOException;

    /** Takes zeros. */
    void zeros(long length) throws LibvirtException, IOException;
  }

  private ZeroRuns() {}

  /**
   * Passes a stream on to its end.
   *
   * @param apart whether zeros are told apart; where not, all is data
   */
  static void pass(InputStream in, boolean apart, Taker taker)
      throws LibvirtException, IOException {
    byte[] chunk = new byte[CHUNK];
    long zeros = 0;
    for (int length = in.readNBytes(chunk, 0, CHUNK);
        length > 0;
        length = in.readNBytes(chunk, 0, CHUNK)) {
      for (int at = 0; at < length; at += BLOCK) {
        int size = Math.min(BLOCK, length - at);
        if (apart && isZero(chunk, at, size)) {
          zeros += size;
          continue;
        }
        if (zeros > 0) {
          taker.zeros(zeros);
          zeros = 0;
        }
        taker.data(chunk, at, size);
      }
    }
    if (zeros > 0) {
      taker.zeros(zeros);
    }
  }

  private static boolean isZero(byte[] bytes, int offset, int length) {
    // The JDK compares arrays by vectors: the first byte is zero, and each is what is before it.
    return bytes[offset] == 0
        && Arrays.equals(bytes, offset, offset + length - 1, bytes, offset + 1, offset + length);
  }
}
