package org.wardian.boot;

import java.util.Arrays;
import java.util.List;

/** Guest memory in an array, which refuses every write outside of its RAM and ROM ranges. */
final class ArrayRam implements GuestRam {

  private final byte[] bytes;
  private final List<MemoryRange> memoryMap;

  /** Memory with the usual hole from 0x9fc00 to 0xfffff. */
  ArrayRam(int size) {
    bytes = new byte[size];
    memoryMap =
        List.of(
            MemoryRange.ram(0, 0x9fc00),
            MemoryRange.reserved(0x9fc00, 0x60400),
            MemoryRange.ram(0x100000, size - 0x100000));
  }

  List<MemoryRange> memoryMap() {
    return memoryMap;
  }

  byte[] bytes() {
    return bytes;
  }

  byte[] bytes(long from, int length) {
    return Arrays.copyOfRange(bytes, (int) from, (int) from + length);
  }

  long i64(long at) {
    return LittleEndian.i64(bytes, (int) at);
  }

  long u32(long at) {
    return LittleEndian.u32(bytes, (int) at);
  }

  String text(long at) {
    StringBuilder text = new StringBuilder();
    for (int i = (int) at; bytes[i] != 0; i++) {
      text.append((char) bytes[i]);
    }
    return text.toString();
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public void write(long gpa, byte[] data, int offset, int length) {
    check(gpa, length);
    System.arraycopy(data, offset, bytes, (int) gpa, length);
  }

  @Override
  public void zero(long gpa, long length) {
    check(gpa, length);
    Arrays.fill(bytes, (int) gpa, (int) (gpa + length), (byte) 0);
  }

  private void check(long gpa, long length) {
    boolean inside =
        memoryMap.stream()
            .filter(range -> range.kind() == MemoryRange.Kind.RAM)
            .anyMatch(range -> gpa >= range.base() && gpa + length <= range.end());
    if (!inside) {
      throw new AssertionError("write of 0x%x bytes at 0x%x".formatted(length, gpa));
    }
  }
}
