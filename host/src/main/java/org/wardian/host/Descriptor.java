package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * A file descriptor that is closed once and never used after. The kernel gives the number of a
 * closed file to the next one that is opened, so a call that is late by a moment would hit a
 * stranger's file: every call here holds the descriptor while it lasts, and {@link #close()} leaves
 * the closing to the last holder.
 *
 * <p>Safe for use by any number of threads. After {@link #close()} every call throws {@link
 * IllegalStateException}.
 */
public final class Descriptor implements AutoCloseable {
  /** {@code O_RDWR | O_CLOEXEC}: {@code include/uapi/asm-generic/fcntl.h}. */
  private static final int OPEN_FLAGS = 02 | 02000000;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE_ANONYMOUS_FIXED = 0x32;
  private static final int CLOSED = 1 << 31;

  /** Holders, and {@link #CLOSED}. */
  private static final VarHandle HOLDERS;

  static {
    try {
      HOLDERS = MethodHandles.lookup().findVarHandle(Descriptor.class, "holders", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int fd;
  private final String name;

  @SuppressWarnings("unused") // by HOLDERS
  private volatile int holders;

  private Descriptor(int fd, String name) {
    this.fd = fd;
    this.name = name;
  }

  /**
   * Opens a device or file for reading and writing.
   *
   * @throws HostException with the error number, where it cannot be opened
   */
  public static Descriptor open(Path path) {
    Libc.requireLinux(path.toString());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      NativeCall.Result result = Libc.OPEN.call(text.address(), OPEN_FLAGS);
      if (result.failed()) {
        throw HostException.ofCall("open", path.toString(), result.errno(), "");
      }
      return new Descriptor((int) result.value(), path.toString());
    }
  }

  /**
   * Takes over a descriptor that a call returned.
   *
   * @param name what it is, for messages
   */
  public static Descriptor adopt(int fd, String name) {
    Libc.requireLinux(name);
    return new Descriptor(fd, name);
  }

  /**
   * The number, for an argument of another call. Meaningful only while nobody closes this.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public int fd() {
    if ((int) HOLDERS.getVolatile(this) < 0) {
      throw closedAlready();
    }
    return fd;
  }

  /** What it is, for messages. */
  public String name() {
    return name;
  }

  /** Whether {@link #close()} was called. */
  public boolean closed() {
    return (int) HOLDERS.getVolatile(this) < 0;
  }

  /**
   * {@code ioctl}.
   *
   * @param argument a number or an address
   * @return the result, or the negated error number
   */
  public int ioctl(long request, long argument) {
    hold();
    try {
      return DirectCall.ioctl(CallFrame.current(), fd, request, argument);
    } finally {
      letGo();
    }
  }

  /** {@code read}: bytes that were read, or the negated error number. */
  public long read(long address, long bytes) {
    hold();
    try {
      return DirectCall.read(CallFrame.current(), fd, address, bytes);
    } finally {
      letGo();
    }
  }

  /** {@code write}: bytes that were written, or the negated error number. */
  public long write(long address, long bytes) {
    hold();
    try {
      return DirectCall.write(CallFrame.current(), fd, address, bytes);
    } finally {
      letGo();
    }
  }

  /**
   * {@code poll} for the given events.
   *
   * @param events {@code POLLIN} and others of {@code include/uapi/asm-generic/poll.h}
   * @param milliseconds how long to wait; negative waits for ever
   * @return the events that came, 0 after the time, or the negated error number
   */
  public int poll(int events, int milliseconds) {
    hold();
    try {
      CallFrame frame = CallFrame.current();
      MemorySegment scratch = frame.cleared(8);
      scratch.set(ValueLayout.JAVA_INT, 0, fd);
      scratch.set(ValueLayout.JAVA_SHORT, 4, (short) events);
      int result = DirectCall.poll(frame, frame.scratchAddress(), 1, milliseconds);
      return result <= 0 ? result : frame.scratch().get(ValueLayout.JAVA_SHORT, 6) & 0xffff;
    } finally {
      letGo();
    }
  }

  /**
   * Maps the file, shared, for reading and writing. The mapping keeps the file open in the kernel
   * until {@link #unmap} or {@link #replaceByZeroes}.
   *
   * @return the address
   * @throws HostException where the kernel refuses
   */
  public long map(long offset, long size) {
    hold();
    try {
      NativeCall.Result result = Libc.MMAP.call(0L, size, PROT_READ_WRITE, MAP_SHARED, fd, offset);
      if (result.failed()) {
        throw HostException.ofCall(
            "mmap", size + " bytes of " + name, result.errno(), "give the host more memory");
      }
      return result.value();
    } finally {
      letGo();
    }
  }

  /** Ends a mapping of {@link #map}. */
  public static void unmap(long address, long size) {
    Libc.MUNMAP.call(address, size);
  }

  /**
   * Puts private zeroes in the place of a mapping of {@link #map}: the file is let go, and an
   * access through the raw address stays harmless.
   */
  public static void replaceByZeroes(long address, long size) {
    NativeCall.Result result =
        Libc.MMAP.call(address, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_FIXED, -1, 0L);
    if (result.failed()) {
      throw HostException.ofCall("mmap", size + " bytes in place", result.errno(), "");
    }
  }

  /** Keeps the file open until {@link #letGo}: for a call on {@link #fd}. */
  void hold() {
    int before;
    do {
      before = (int) HOLDERS.getVolatile(this);
      if (before < 0) {
        throw closedAlready();
      }
    } while (!HOLDERS.weakCompareAndSet(this, before, before + 1));
  }

  /** The number, for one who holds the descriptor: valid though {@link #close()} was called. */
  int heldFd() {
    return fd;
  }

  /** Ends {@link #hold}. */
  void letGo() {
    if ((int) HOLDERS.getAndAdd(this, -1) == CLOSED + 1) {
      closeFile();
    }
  }

  /** Closes the file as soon as no call uses it; a second call does nothing. */
  @Override
  public void close() {
    if ((int) HOLDERS.getAndBitwiseOr(this, CLOSED) == 0) {
      closeFile();
    }
  }

  /**
   * Closes with a last write, so that threads which wait for the file to become readable wake and
   * find it closed.
   */
  void closeAfter(long address, long bytes) {
    hold();
    try {
      HOLDERS.getAndBitwiseOr(this, CLOSED);
      DirectCall.write(CallFrame.current(), fd, address, bytes);
    } finally {
      letGo();
    }
  }

  private void closeFile() {
    Libc.CLOSE.call(fd);
  }

  private IllegalStateException closedAlready() {
    return new IllegalStateException(name + " is closed");
  }

  @Override
  public String toString() {
    return name + "[fd " + fd + (closed() ? ", closed]" : "]");
  }
}
