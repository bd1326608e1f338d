package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * Layout and bits of {@code struct termios} of the C library on Linux, which is the same for x86-64
 * and aarch64. Sources: {@code bits/termios-struct.h} of glibc, {@code
 * include/uapi/asm-generic/termbits.h}.
 */
final class Termios {
  static final int CONTROL_CHARACTERS = 32;

  static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_INT.withName("c_iflag"),
          ValueLayout.JAVA_INT.withName("c_oflag"),
          ValueLayout.JAVA_INT.withName("c_cflag"),
          ValueLayout.JAVA_INT.withName("c_lflag"),
          ValueLayout.JAVA_BYTE.withName("c_line"),
          MemoryLayout.sequenceLayout(CONTROL_CHARACTERS, ValueLayout.JAVA_BYTE).withName("c_cc"),
          MemoryLayout.paddingLayout(3),
          ValueLayout.JAVA_INT.withName("c_ispeed"),
          ValueLayout.JAVA_INT.withName("c_ospeed"));

  private static final long IFLAG = offset("c_iflag");
  private static final long OFLAG = offset("c_oflag");
  private static final long CFLAG = offset("c_cflag");
  private static final long LFLAG = offset("c_lflag");
  private static final long CC = offset("c_cc");

  private static final int IGNBRK = 0x001;
  private static final int BRKINT = 0x002;
  private static final int PARMRK = 0x008;
  private static final int ISTRIP = 0x020;
  private static final int INLCR = 0x040;
  private static final int IGNCR = 0x080;
  private static final int ICRNL = 0x100;
  private static final int IXON = 0x400;
  private static final int OPOST = 0x001;
  private static final int CSIZE = 0x030;
  private static final int CS8 = 0x030;
  private static final int PARENB = 0x100;
  private static final int ISIG = 0x0001;
  private static final int ICANON = 0x0002;
  private static final int ECHO = 0x0008;
  private static final int ECHONL = 0x0040;
  private static final int IEXTEN = 0x8000;
  private static final int VTIME = 5;
  private static final int VMIN = 6;

  /** {@code TCSADRAIN}: after the output has left. Source: {@code bits/termios-tcflow.h}. */
  private static final int TCSADRAIN = 1;

  private Termios() {}

  private static long offset(String field) {
    return LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement(field));
  }

  /** The attributes of terminal {@code fd}, as the bytes of the structure. */
  static byte[] get(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(LAYOUT);
      NativeCall.Result result = Libc.TCGETATTR.call(fd, attributes.address());
      if (result.failed()) {
        throw HostException.ofCall("tcgetattr", "descriptor " + fd, result.errno(), "");
      }
      return attributes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Gives terminal {@code fd} these attributes. */
  static void set(int fd, byte[] attributes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(LAYOUT);
      memory.copyFrom(MemorySegment.ofArray(attributes));
      NativeCall.Result result;
      do {
        result = Libc.TCSETATTR.call(fd, TCSADRAIN, memory.address());
      } while (result.failed() && result.errno() == Errno.EINTR);
      if (result.failed()) {
        throw HostException.ofCall("tcsetattr", "descriptor " + fd, result.errno(), "");
      }
    }
  }

  /** A copy of {@code attributes} in raw mode, by the rules of {@code cfmakeraw(3)}. */
  static byte[] raw(byte[] attributes) {
    byte[] raw = attributes.clone();
    MemorySegment fields = MemorySegment.ofArray(raw);
    change(fields, IFLAG, IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON, 0);
    change(fields, OFLAG, OPOST, 0);
    change(fields, CFLAG, CSIZE | PARENB, CS8);
    change(fields, LFLAG, ECHO | ECHONL | ICANON | ISIG | IEXTEN, 0);
    fields.set(ValueLayout.JAVA_BYTE, CC + VMIN, (byte) 1);
    fields.set(ValueLayout.JAVA_BYTE, CC + VTIME, (byte) 0);
    return raw;
  }

  /** Whether lines are edited and echoed by the kernel: the ordinary mode of a shell. */
  static boolean isCooked(byte[] attributes) {
    int local = MemorySegment.ofArray(attributes).get(ValueLayout.JAVA_INT_UNALIGNED, LFLAG);
    return (local & ICANON) != 0;
  }

  private static void change(MemorySegment fields, long offset, int clear, int set) {
    int value = fields.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    fields.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (value & ~clear) | set);
  }
}
