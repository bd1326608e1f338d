package org.wardian.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the host knows of a file system: {@code struct statfs} of 64-bit Linux ({@code
 * include/uapi/asm-generic/statfs.h}).
 *
 * @param blockSize bytes of the blocks that are counted here
 * @param blocks in all
 * @param free blocks
 * @param available blocks that users may have
 * @param files in all
 * @param freeFiles how many more there can be
 * @param id of the file system
 * @param longestName bytes
 */
public record FileSystemStatus(
    long blockSize,
    long blocks,
    long free,
    long available,
    long files,
    long freeFiles,
    long id,
    long longestName) {
  /** Bytes of the structure. */
  static final int SIZE = 120;

  static FileSystemStatus of(MemorySegment s) {
    return new FileSystemStatus(
        s.get(ValueLayout.JAVA_LONG, 8),
        s.get(ValueLayout.JAVA_LONG, 16),
        s.get(ValueLayout.JAVA_LONG, 24),
        s.get(ValueLayout.JAVA_LONG, 32),
        s.get(ValueLayout.JAVA_LONG, 40),
        s.get(ValueLayout.JAVA_LONG, 48),
        s.get(ValueLayout.JAVA_LONG, 56),
        s.get(ValueLayout.JAVA_LONG, 64));
  }
}
