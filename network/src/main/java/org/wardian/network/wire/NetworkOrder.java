package org.wardian.network.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers of 16, 32 and 64 bits in byte arrays, the most significant byte first. */
public final class NetworkOrder {
  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);

  private NetworkOrder() {}

  private static VarHandle view(Class<?> type) {
    return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.BIG_ENDIAN);
  }

  /** The 8-bit number at {@code at}, 0 to 255. */
  public static int get8(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  /** The 16-bit number at {@code at}, 0 to 65,535. */
  public static int get16(byte[] bytes, int at) {
    return (short) SHORT.get(bytes, at) & 0xffff;
  }

  /** The 32-bit number at {@code at}. */
  public static int get32(byte[] bytes, int at) {
    return (int) INT.get(bytes, at);
  }

  /** The 64-bit number at {@code at}. */
  public static long get64(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  /** Writes the low 8 bits. */
  public static void put8(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
  }

  /** Writes the low 16 bits. */
  public static void put16(byte[] bytes, int at, int value) {
    SHORT.set(bytes, at, (short) value);
  }

  /** Writes 32 bits. */
  public static void put32(byte[] bytes, int at, int value) {
    INT.set(bytes, at, value);
  }

  /** Writes 64 bits. */
  public static void put64(byte[] bytes, int at, long value) {
    LONG.set(bytes, at, value);
  }
}
