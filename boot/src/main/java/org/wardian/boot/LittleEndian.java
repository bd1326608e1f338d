package org.wardian.boot;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian fields in a byte array. Bounds are the array's: callers check first. */
final class LittleEndian {

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  static int u8(byte[] data, int offset) {
    return data[offset] & 0xff;
  }

  static int u16(byte[] data, int offset) {
    return (short) SHORT.get(data, offset) & 0xffff;
  }

  static int i32(byte[] data, int offset) {
    return (int) INT.get(data, offset);
  }

  static long u32(byte[] data, int offset) {
    return Integer.toUnsignedLong(i32(data, offset));
  }

  static long i64(byte[] data, int offset) {
    return (long) LONG.get(data, offset);
  }

  static void put16(byte[] data, int offset, int value) {
    SHORT.set(data, offset, (short) value);
  }

  static void put32(byte[] data, int offset, long value) {
    INT.set(data, offset, (int) value);
  }

  static void put64(byte[] data, int offset, long value) {
    LONG.set(data, offset, value);
  }

  /** Whether {@code data} holds {@code bytes} at {@code offset}; false past the end. */
  static boolean matches(byte[] data, int offset, int... bytes) {
    if (offset < 0 || offset > data.length - bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (u8(data, offset + i) != bytes[i]) {
        return false;
      }
    }
    return true;
  }
}
