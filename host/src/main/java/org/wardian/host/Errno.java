package org.wardian.host;

import java.lang.foreign.MemorySegment;

/**
 * Error numbers of Linux that are acted upon, and their texts. Source: {@code
 * include/uapi/asm-generic/errno-base.h} and {@code errno.h}.
 */
public final class Errno {
  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** No such file. */
  public static final int ENOENT = 2;

  /** Interrupted. */
  public static final int EINTR = 4;

  /** Input or output failed. */
  public static final int EIO = 5;

  /** No such device or address. */
  public static final int ENXIO = 6;

  /** A list is too long. */
  public static final int E2BIG = 7;

  /** Bad file descriptor. */
  public static final int EBADF = 9;

  /** Try again, or would block. */
  public static final int EAGAIN = 11;

  /** No memory. */
  public static final int ENOMEM = 12;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Bad address. */
  public static final int EFAULT = 14;

  /** Busy. */
  public static final int EBUSY = 16;

  /** Exists already. */
  public static final int EEXIST = 17;

  /** No such device. */
  public static final int ENODEV = 19;

  /** Not a folder. */
  public static final int ENOTDIR = 20;

  /** Is a folder. */
  public static final int EISDIR = 21;

  /** Invalid argument. */
  public static final int EINVAL = 22;

  /** Too many open files of the process. */
  public static final int EMFILE = 24;

  /** No space. */
  public static final int ENOSPC = 28;

  /** The file system is read-only. */
  public static final int EROFS = 30;

  /** A name is too long. */
  public static final int ENAMETOOLONG = 36;

  /** No such system call. */
  public static final int ENOSYS = 38;

  /** A message is too long. */
  public static final int EMSGSIZE = 90;

  /** Not supported. */
  public static final int EOPNOTSUPP = 95;

  /** What a handle stood for is gone. */
  public static final int ESTALE = 116;

  /** Longest text that {@code strerror} is trusted to return, in bytes. */
  private static final long LONGEST_TEXT = 256;

  private Errno() {}

  /** The C library's text for error {@code number}. */
  @SuppressWarnings("restricted") // the C library owns the text and does not give its length
  public static String text(int number) {
    try {
      MemorySegment text = MemorySegment.ofAddress(Libc.STRERROR.call(number).value());
      return text.reinterpret(LONGEST_TEXT).getString(0);
    } catch (HostException unavailable) {
      return "error " + number;
    }
  }
}
