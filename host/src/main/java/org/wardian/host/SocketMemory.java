package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Native memory for one call on a socket: errno, a message header with one part, control data with
 * descriptors, an address, and bytes. No call waits while it holds one, so there are about as many
 * as processors, however many sockets there are. Layouts: {@code recvmsg(2)}, {@code cmsg(3)},
 * {@code unix(7)} for 64-bit Linux.
 */
final class SocketMemory implements AutoCloseable {
  /** Bytes that one call moves at most. */
  static final int SIZE = 65_536;

  /** Longest path of a UNIX socket, in bytes without the NUL. */
  static final int LONGEST_PATH = 107;

  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int AF_UNIX = 1;
  private static final int HEADER_SIZE = 56;
  private static final int CONTROL_HEADER = 16;

  /** Descriptors that the kernel passes at once at most ({@code SCM_MAX_FD}). */
  private static final int MOST_DESCRIPTORS = 253;

  private static final int CONTROL_SIZE = CONTROL_HEADER + ((4 * MOST_DESCRIPTORS + 7) & ~7);
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      STATE.byteOffset(StructLayout.PathElement.groupElement("errno"));
  private static final ConcurrentLinkedQueue<SocketMemory> POOL = new ConcurrentLinkedQueue<>();

  private final MemorySegment state;
  private final MemorySegment header;
  private final MemorySegment part;
  private final MemorySegment control;
  private final MemorySegment scratch;
  private final MemorySegment bytes;

  private SocketMemory() {
    Arena arena = Arena.ofAuto();
    state = arena.allocate(STATE);
    header = arena.allocate(HEADER_SIZE, 8);
    part = arena.allocate(16, 8);
    control = arena.allocate(CONTROL_SIZE, 8);
    scratch = arena.allocate(128, 8);
    bytes = arena.allocate(SIZE, 8);
    header.set(ValueLayout.JAVA_LONG, 16, part.address());
    header.set(ValueLayout.JAVA_LONG, 24, 1L);
    part.set(ValueLayout.JAVA_LONG, 0, bytes.address());
  }

  /** Takes one, until it is closed. */
  static SocketMemory take() {
    SocketMemory memory = POOL.poll();
    return memory == null ? new SocketMemory() : memory;
  }

  @Override
  public void close() {
    POOL.add(this);
  }

  MemorySegment state() {
    return state;
  }

  int result(int value) {
    return value < 0 ? -errno() : value;
  }

  long result(long value) {
    return value < 0 ? -errno() : value;
  }

  private int errno() {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }

  /** 128 bytes for a small argument. */
  MemorySegment scratch() {
    return scratch;
  }

  /** The bytes of the message. */
  MemorySegment bytes() {
    return bytes;
  }

  /**
   * Writes the address of a UNIX socket into {@link #scratch()}.
   *
   * @return its size
   * @throws HostException for a path that is too long
   */
  int address(Path path) {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > LONGEST_PATH) {
      throw HostException.unsupported(
          "a socket path of " + name.length + " bytes, " + path,
          "choose one of at most " + LONGEST_PATH);
    }
    scratch.fill((byte) 0);
    scratch.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, scratch, ValueLayout.JAVA_BYTE, 2, name.length);
    return 2 + name.length + 1;
  }

  /** Prepares to receive up to {@code length} bytes and any descriptors; its address. */
  long toReceive(int length) {
    part.set(ValueLayout.JAVA_LONG, 8, (long) length);
    header.set(ValueLayout.JAVA_LONG, 32, control.address());
    header.set(ValueLayout.JAVA_LONG, 40, (long) CONTROL_SIZE);
    header.set(ValueLayout.JAVA_INT, 48, 0);
    return header.address();
  }

  /**
   * Prepares to send {@code length} bytes, with a descriptor unless it is negative; its address.
   */
  long toSend(int length, int fd) {
    part.set(ValueLayout.JAVA_LONG, 8, (long) length);
    header.set(ValueLayout.JAVA_INT, 48, 0);
    if (fd < 0) {
      header.set(ValueLayout.JAVA_LONG, 32, 0L);
      header.set(ValueLayout.JAVA_LONG, 40, 0L);
      return header.address();
    }
    control.asSlice(0, CONTROL_HEADER + 8).fill((byte) 0);
    control.set(ValueLayout.JAVA_LONG, 0, (long) CONTROL_HEADER + 4);
    control.set(ValueLayout.JAVA_INT, 8, SOL_SOCKET);
    control.set(ValueLayout.JAVA_INT, 12, SCM_RIGHTS);
    control.set(ValueLayout.JAVA_INT, CONTROL_HEADER, fd);
    header.set(ValueLayout.JAVA_LONG, 32, control.address());
    header.set(ValueLayout.JAVA_LONG, 40, (long) CONTROL_HEADER + 8);
    return header.address();
  }

  /** The descriptors that came with what was received. */
  List<Descriptor> received() {
    long length = Math.min(header.get(ValueLayout.JAVA_LONG, 40), CONTROL_SIZE);
    if (length == 0) {
      return List.of();
    }
    List<Descriptor> descriptors = new ArrayList<>();
    long at = 0;
    while (at + CONTROL_HEADER <= length) {
      long size = control.get(ValueLayout.JAVA_LONG, at);
      if (size < CONTROL_HEADER || size > length - at) {
        break;
      }
      if (control.get(ValueLayout.JAVA_INT, at + 8) == SOL_SOCKET
          && control.get(ValueLayout.JAVA_INT, at + 12) == SCM_RIGHTS) {
        for (long fd = at + CONTROL_HEADER; fd + 4 <= at + size; fd += 4) {
          descriptors.add(
              Descriptor.adopt(control.get(ValueLayout.JAVA_INT, fd), "a passed descriptor"));
        }
      }
      at += (size + 7) & ~7L;
    }
    return descriptors;
  }
}
