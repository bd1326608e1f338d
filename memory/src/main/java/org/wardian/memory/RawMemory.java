package org.wardian.memory;

import java.lang.reflect.Field;
import sun.misc.Unsafe;

/**
 * Unchecked access to off-heap memory by absolute host address; the only user of {@link Unsafe}.
 *
 * <p>Nothing here checks bounds: whoever passes an address must hold the mapping that contains it.
 * All accesses are little-endian as the host is; unaligned addresses are allowed. Plain accesses
 * are neither atomic nor ordered beyond what the host's processor gives; the {@code compareAndSet}
 * and {@code volatile} forms are sequentially consistent.
 */
@SuppressWarnings({"removal", "sunapi"})
public final class RawMemory {
  private static final Unsafe UNSAFE = unsafe();

  private RawMemory() {}

  private static Unsafe unsafe() {
    try {
      Field field = Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return (Unsafe) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The byte at {@code address}, sign-extended by Java's rules. */
  public static byte getByte(long address) {
    return UNSAFE.getByte(address);
  }

  /** The 16-bit value at {@code address}. */
  public static short getShort(long address) {
    return UNSAFE.getShort(address);
  }

  /** The 32-bit value at {@code address}. */
  public static int getInt(long address) {
    return UNSAFE.getInt(address);
  }

  /** The 64-bit value at {@code address}. */
  public static long getLong(long address) {
    return UNSAFE.getLong(address);
  }

  /** Stores 8 bits. */
  public static void putByte(long address, byte value) {
    UNSAFE.putByte(address, value);
  }

  /** Stores 16 bits. */
  public static void putShort(long address, short value) {
    UNSAFE.putShort(address, value);
  }

  /** Stores 32 bits. */
  public static void putInt(long address, int value) {
    UNSAFE.putInt(address, value);
  }

  /** Stores 64 bits. */
  public static void putLong(long address, long value) {
    UNSAFE.putLong(address, value);
  }

  /** The 16-bit value at {@code address} with volatile semantics; the address must be aligned. */
  public static short getShortVolatile(long address) {
    return UNSAFE.getShortVolatile(null, address);
  }

  /** Stores 16 bits with volatile semantics; the address must be aligned. */
  public static void putShortVolatile(long address, short value) {
    UNSAFE.putShortVolatile(null, address, value);
  }

  /** The 32-bit value at {@code address} with volatile semantics; the address must be aligned. */
  public static int getIntVolatile(long address) {
    return UNSAFE.getIntVolatile(null, address);
  }

  /** Stores 32 bits with volatile semantics; the address must be aligned. */
  public static void putIntVolatile(long address, int value) {
    UNSAFE.putIntVolatile(null, address, value);
  }

  /** The 64-bit value at {@code address} with volatile semantics; the address must be aligned. */
  public static long getLongVolatile(long address) {
    return UNSAFE.getLongVolatile(null, address);
  }

  /** Stores 64 bits with volatile semantics; the address must be aligned. */
  public static void putLongVolatile(long address, long value) {
    UNSAFE.putLongVolatile(null, address, value);
  }

  /**
   * Atomic compare and set of a 32-bit value, at any address within one cache line; on x86-64 it is
   * {@code LOCK CMPXCHG}.
   */
  public static boolean compareAndSetInt(long address, int expected, int value) {
    return UNSAFE.compareAndSwapInt(null, address, expected, value);
  }

  /** Atomic compare and set of a 64-bit value, at any address within one cache line. */
  public static boolean compareAndSetLong(long address, long expected, long value) {
    return UNSAFE.compareAndSwapLong(null, address, expected, value);
  }

  /** Sets {@code length} bytes to {@code value}. */
  public static void fill(long address, long length, byte value) {
    UNSAFE.setMemory(address, length, value);
  }

  /** Copies {@code length} bytes; the ranges may overlap (as if by a temporary). */
  public static void copy(long from, long to, long length) {
    UNSAFE.copyMemory(from, to, length);
  }

  /** Copies bytes of an array into memory. */
  public static void copy(byte[] from, int offset, long to, int length) {
    java.util.Objects.checkFromIndexSize(offset, length, from.length);
    UNSAFE.copyMemory(from, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, null, to, length);
  }

  /** Copies memory into an array. */
  public static void copy(long from, byte[] to, int offset, int length) {
    java.util.Objects.checkFromIndexSize(offset, length, to.length);
    UNSAFE.copyMemory(null, from, to, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, length);
  }

  /** Copies memory into an array of 64-bit values. */
  public static void copy(long from, long[] to, int offset, int count) {
    java.util.Objects.checkFromIndexSize(offset, count, to.length);
    UNSAFE.copyMemory(
        null,
        from,
        to,
        Unsafe.ARRAY_LONG_BASE_OFFSET + (long) offset * Long.BYTES,
        (long) count * Long.BYTES);
  }

  /** A full fence: no access moves across it. */
  public static void fullFence() {
    UNSAFE.fullFence();
  }
}
