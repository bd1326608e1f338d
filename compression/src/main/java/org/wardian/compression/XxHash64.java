package org.wardian.compression;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The xxHash algorithm, 64 bits, seed 0 (xxHash specification 0.1.1): Zstandard's checksum. */
final class XxHash64 {

  private static final long PRIME_1 = 0x9e3779b185ebca87L;
  private static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
  private static final long PRIME_3 = 0x165667b19e3779f9L;
  private static final long PRIME_4 = 0x85ebca77c2b2ae63L;
  private static final long PRIME_5 = 0x27d4eb2f165667c5L;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private XxHash64() {}

  static long hash(byte[] data, int from, int to) {
    int at = from;
    long hash;
    if (to - from >= 32) {
      long a = PRIME_1 + PRIME_2;
      long b = PRIME_2;
      long c = 0;
      long d = -PRIME_1;
      for (; to - at >= 32; at += 32) {
        a = round(a, (long) LONG.get(data, at));
        b = round(b, (long) LONG.get(data, at + 8));
        c = round(c, (long) LONG.get(data, at + 16));
        d = round(d, (long) LONG.get(data, at + 24));
      }
      hash =
          Long.rotateLeft(a, 1)
              + Long.rotateLeft(b, 7)
              + Long.rotateLeft(c, 12)
              + Long.rotateLeft(d, 18);
      for (long lane : new long[] {a, b, c, d}) {
        hash = (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
      }
    } else {
      hash = PRIME_5;
    }
    hash += to - from;
    for (; to - at >= 8; at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, (long) LONG.get(data, at)), 27) * PRIME_1 + PRIME_4;
    }
    if (to - at >= 4) {
      long word = Integer.toUnsignedLong((int) INT.get(data, at));
      hash = Long.rotateLeft(hash ^ word * PRIME_1, 23) * PRIME_2 + PRIME_3;
      at += 4;
    }
    for (; at < to; at++) {
      hash = Long.rotateLeft(hash ^ (data[at] & 0xff) * PRIME_5, 11) * PRIME_1;
    }
    hash = (hash ^ hash >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }

  private static long round(long accumulator, long lane) {
    return Long.rotateLeft(accumulator + lane * PRIME_2, 31) * PRIME_1;
  }
}
