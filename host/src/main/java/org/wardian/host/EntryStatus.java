package org.wardian.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the host knows of a file: {@code struct statx} of {@code include/uapi/linux/stat.h}.
 *
 * @param mode kind and permissions, 16 bits
 * @param links how many names it has
 * @param owner numeric user
 * @param group numeric group
 * @param inode its number within its file system
 * @param device its file system: major number in the upper half, minor in the lower
 * @param special what a device file stands for, in the same form
 * @param size bytes
 * @param blocks of 512 bytes that it takes
 * @param accessed time of the last access
 * @param modified time of the last change of its bytes
 * @param changed time of the last change of its status
 * @param born when it was made, or null where the file system does not know
 */
public record EntryStatus(
    int mode,
    long links,
    int owner,
    int group,
    long inode,
    long device,
    long special,
    long size,
    long blocks,
    Time accessed,
    Time modified,
    Time changed,
    Time born) {
  /** {@code S_IFMT}, and what is in it for folders, files and links. */
  private static final int KIND = 0170000;

  private static final int FOLDER = 0040000;
  private static final int FILE = 0100000;
  private static final int LINK = 0120000;

  /** {@code STATX_BTIME}. */
  private static final int HAS_BIRTH = 0x800;

  /** Bytes of the structure. */
  static final int SIZE = 256;

  /** {@code STATX_BASIC_STATS | STATX_BTIME}. */
  static final int MASK = 0xfff;

  /**
   * A moment.
   *
   * @param seconds since 1970 in UTC
   * @param nanoseconds 0 to 999,999,999
   */
  public record Time(long seconds, int nanoseconds) {
    private static Time of(MemorySegment structure, long offset) {
      return new Time(
          structure.get(ValueLayout.JAVA_LONG, offset),
          structure.get(ValueLayout.JAVA_INT, offset + 8));
    }
  }

  static EntryStatus of(MemorySegment s) {
    return new EntryStatus(
        s.get(ValueLayout.JAVA_SHORT, 28) & 0xffff,
        Integer.toUnsignedLong(s.get(ValueLayout.JAVA_INT, 16)),
        s.get(ValueLayout.JAVA_INT, 20),
        s.get(ValueLayout.JAVA_INT, 24),
        s.get(ValueLayout.JAVA_LONG, 32),
        pair(s, 136),
        pair(s, 128),
        s.get(ValueLayout.JAVA_LONG, 40),
        s.get(ValueLayout.JAVA_LONG, 48),
        Time.of(s, 64),
        Time.of(s, 112),
        Time.of(s, 96),
        (s.get(ValueLayout.JAVA_INT, 0) & HAS_BIRTH) != 0 ? Time.of(s, 80) : null);
  }

  private static long pair(MemorySegment s, long offset) {
    return (long) s.get(ValueLayout.JAVA_INT, offset) << 32
        | Integer.toUnsignedLong(s.get(ValueLayout.JAVA_INT, offset + 4));
  }

  /** Whether it is a folder. */
  public boolean folder() {
    return (mode & KIND) == FOLDER;
  }

  /** Whether it is an ordinary file. */
  public boolean file() {
    return (mode & KIND) == FILE;
  }

  /** Whether it is a symbolic link. */
  public boolean link() {
    return (mode & KIND) == LINK;
  }

  /** Whether this and another status are of one file. */
  public boolean sameFile(EntryStatus other) {
    return inode == other.inode && device == other.device;
  }
}
