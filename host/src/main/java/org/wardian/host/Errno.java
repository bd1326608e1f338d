package org.wardian.host;

import java.lang.foreign.MemorySegment;

/** Error numbers of Linux that this module acts upon, and their texts. */
final class Errno {
  /** Operation not permitted. Source: {@code include/uapi/asm-generic/errno-base.h}. */
  static final int EPERM = 1;

  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EEXIST = 17;

  /** Longest text that {@code strerror} is trusted to return, in bytes. */
  private static final long LONGEST_TEXT = 256;

  private Errno() {}

  /** The C library's text for error {@code number}. */
  @SuppressWarnings("restricted") // the C library owns the text and does not give its length
  static String text(int number) {
    try {
      MemorySegment text = MemorySegment.ofAddress(Libc.STRERROR.call(number).value());
      return text.reinterpret(LONGEST_TEXT).getString(0);
    } catch (HostException unavailable) {
      return "error " + number;
    }
  }
}
