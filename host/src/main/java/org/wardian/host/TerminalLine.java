package org.wardian.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The terminal side of a pseudo terminal that another process made, or a serial line: bytes both
 * ways. It does not become this process's controlling terminal. One thread may read while another
 * writes and a third closes.
 */
public final class TerminalLine implements AutoCloseable {
  /** {@code O_RDWR}, {@code O_NOCTTY}, {@code O_CLOEXEC}: {@code asm-generic/fcntl.h}. */
  private static final int OPEN_FLAGS = 02 | 0400 | 02000000;

  /** {@code POLLIN}: {@code include/uapi/asm-generic/poll.h}. */
  private static final int POLLIN = 1;

  /** How often a reader looks whether it was closed meanwhile. */
  private static final int LOOK_MILLISECONDS = 200;

  private static final int BLOCK = 4096;

  private final Descriptor descriptor;

  private TerminalLine(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Opens it.
   *
   * @throws HostException where there is no such device
   */
  public static TerminalLine open(Path path) {
    Libc.requireLinux(path.toString());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString(), StandardCharsets.UTF_8);
      NativeCall.Result result = Libc.OPEN.call(text.address(), OPEN_FLAGS);
      if (result.failed()) {
        throw HostException.ofCall("open", path.toString(), result.errno(), "");
      }
      return new TerminalLine(Descriptor.adopt((int) result.value(), path.toString()));
    }
  }

  /**
   * Waits for bytes; it holds its thread, which is best no virtual one.
   *
   * @return at least one; none once the other side is gone or this is closed
   * @throws IOException where it broke
   */
  public byte[] read() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BLOCK);
      while (true) {
        int events = descriptor.poll(POLLIN, LOOK_MILLISECONDS);
        if (events == 0 || events == -Errno.EINTR) {
          continue;
        }
        if (events < 0) {
          throw new IOException(descriptor.name() + ": poll failed with error " + -events);
        }
        long length = descriptor.read(buffer.address(), BLOCK);
        if (length > 0) {
          return buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
        if (length == 0 || length == -Errno.EIO) {
          return new byte[0];
        }
        if (length != -Errno.EINTR && length != -Errno.EAGAIN) {
          throw new IOException(descriptor.name() + ": read failed with error " + -length);
        }
      }
    } catch (IllegalStateException closed) {
      return new byte[0];
    }
  }

  /**
   * Writes all bytes.
   *
   * @throws IOException where it broke, or was closed
   */
  public void write(byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long done = 0;
      while (done < bytes.length) {
        long count = descriptor.write(buffer.address() + done, bytes.length - done);
        if (count < 0 && count != -Errno.EINTR) {
          throw new IOException(descriptor.name() + ": write failed with error " + -count);
        }
        done += Math.max(count, 0);
      }
    } catch (IllegalStateException closed) {
      throw new IOException(descriptor.name() + " is closed", closed);
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
