package org.wardian.host;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A range of the process's address space with an address that Java code may compute with. Memory is
 * zero and committed page by page at its first use.
 *
 * <p>{@link #anonymous}, {@link #shared} and {@link #executable} memory lies between two pages that
 * no access may touch, so that an access just outside faults instead of hitting another structure.
 *
 * <p>{@link #segment()} is checked by Java also after {@link #close()}; users of the raw {@link
 * #address()} must themselves be done before it. On hosts other than Linux the memory comes from a
 * Java arena, without guard pages.
 */
public final class Mapping implements AutoCloseable {
  /** {@code PROT_*} and {@code MAP_*}: {@code include/uapi/asm-generic/mman-common.h}. */
  private static final int PROT_NONE = 0;

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_SHARED = 0x01;
  private static final int MAP_PRIVATE = 0x02;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MAP_FIXED_NOREPLACE = 0x100000;

  /** {@code MADV_*}: the same header. */
  private static final int MADV_DONTNEED = 4;

  private static final int MADV_MERGEABLE = 12;

  private static final int MADV_HUGEPAGE = 14;

  /** {@code MFD_CLOEXEC}: {@code include/uapi/linux/memfd.h}. */
  private static final int MFD_CLOEXEC = 1;

  /** {@code FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE}: {@code include/uapi/linux/falloc.h}. */
  private static final int PUNCH_HOLE = 1 | 2;

  /**
   * Width of a guard and granule of sizes, in bytes: the largest page of the supported kernels
   * (x86-64 has 4 KiB, arm64 up to 64 KiB).
   */
  private static final long GRANULE = 64 * 1024;

  /** Where the search for low addresses starts and ends; below lie the program's own pages. */
  private static final long LOW_START = 0x1000_0000L;

  private static final long LOW_END = 0x8000_0000L;
  private static final long LOW_STEP = 0x0100_0000L;

  /** The kernel lets a process have some 65,000 mappings, and others need theirs. */
  private static final int MOST_HOLES = 8192;

  private static final String MEMORY_REMEDY =
      "give the guest less memory, or raise the limits (ulimit -v, cgroup)";
  private static final String EXECUTE_REMEDY =
      "the host forbids writable and executable memory (SELinux execmem, PaX, seccomp): the"
          + " interpreter is used instead";

  private final long address;
  private final long size;
  private final int fd;
  private final long reservedAddress;
  private final long reservedSize;
  private final MemorySegment segment;
  private final Arena arena;

  /** Whether pages that were not written yet are a file's: {@link #ofFile}. */
  private final boolean overFile;

  /** How often a part of the file was taken out of the middle. */
  private int holes;

  /** Whether the kernel was asked to merge equal pages. */
  private boolean mergeable;

  private boolean closed;

  private Mapping(long address, long size, int fd, long reservedAddress, long reservedSize) {
    this(address, size, fd, reservedAddress, reservedSize, false);
  }

  private Mapping(
      long address, long size, int fd, long reservedAddress, long reservedSize, boolean overFile) {
    this.overFile = overFile;
    this.address = address;
    this.size = size;
    this.fd = fd;
    this.reservedAddress = reservedAddress;
    this.reservedSize = reservedSize;
    this.arena = Arena.ofShared();
    this.segment = view(address, size, arena);
  }

  private Mapping(Arena arena, MemorySegment segment) {
    this.address = segment.address();
    this.size = segment.byteSize();
    this.fd = -1;
    this.reservedAddress = 0;
    this.reservedSize = 0;
    this.overFile = false;
    this.arena = arena;
    this.segment = segment;
  }

  @SuppressWarnings("restricted") // address and size are those of the mapping itself
  private static MemorySegment view(long address, long size, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(size, arena, null);
  }

  /**
   * Private memory between guard pages.
   *
   * @param size bytes, rounded up to whole pages
   */
  public static Mapping anonymous(long size) {
    long rounded = round(size);
    if (!Libc.LINUX) {
      return ofArena(rounded);
    }
    long reserved = reserve(rounded);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    return place(reserved, rounded, PROT_READ | PROT_WRITE, flags, -1);
  }

  /**
   * Memory of a file without a name, which another process or a second mapping can share by {@link
   * #fd()}; between guard pages. On hosts other than Linux it is private and has no descriptor.
   *
   * @param size bytes, rounded up to whole pages
   * @param name shown in /proc/&lt;pid&gt;/maps
   */
  public static Mapping shared(long size, String name) {
    long rounded = round(size);
    if (!Libc.LINUX) {
      return ofArena(rounded);
    }
    int fd = createMemoryFile(name, rounded);
    try {
      int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED;
      return place(reserve(rounded), rounded, PROT_READ | PROT_WRITE, flags, fd);
    } catch (HostException e) {
      Libc.CLOSE.call(fd);
      throw e;
    }
  }

  /**
   * A private copy of a part of a file, between guard pages: a page is read from the file when it
   * is touched first, and what is written stays in this process. The file must keep its length and
   * content as long as the copy lives; it may be renamed or deleted.
   *
   * <p>On hosts other than Linux the part is read at once.
   *
   * @param offset where the part begins, a multiple of 64 KiB
   * @param size bytes, a multiple of 64 KiB
   * @throws HostException where the file cannot be opened, or is shorter than that
   */
  public static Mapping ofFile(Path path, long offset, long size) {
    if (offset < 0 || offset % GRANULE != 0 || size % GRANULE != 0 || round(size) != size) {
      throw new IllegalArgumentException(size + " bytes at " + offset + " of a file");
    }
    if (!Libc.LINUX) {
      return read(path, offset, ofArena(size));
    }
    try (HostFile file = HostFile.open(path, false)) {
      long length = file.size();
      if (length < 0 || length - offset < size) {
        throw HostException.unsupported(
            size + " bytes at offset " + offset + " of " + path, "the file is shorter than that");
      }
      long reserved = reserve(size);
      int flags = MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED;
      NativeCall.Result result =
          file.map(reserved + GRANULE, size, PROT_READ | PROT_WRITE, flags, offset);
      if (result.failed()) {
        Libc.MUNMAP.call(reserved, size + 2 * GRANULE);
        throw HostException.ofCall(
            "mmap", size + " bytes of " + path, result.errno(), MEMORY_REMEDY);
      }
      return new Mapping(reserved + GRANULE, size, -1, reserved, size + 2 * GRANULE, true);
    }
  }

  private static Mapping read(Path path, long offset, Mapping into) {
    try (FileChannel file = FileChannel.open(path)) {
      for (long at = 0; at < into.size; ) {
        long piece = Math.min(into.size - at, 1 << 20);
        ByteBuffer buffer = into.segment.asSlice(at, piece).asByteBuffer();
        int got = file.read(buffer, offset + at);
        if (got <= 0) {
          throw new EOFException("the file is shorter than that");
        }
        at += got;
      }
      return into;
    } catch (IOException e) {
      into.close();
      throw HostException.unsupported(
          into.size + " bytes at offset " + offset + " of " + path, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Private memory that may be read, written and executed; between guard pages.
   *
   * @throws HostException where the host forbids it, with the reason
   */
  public static Mapping executable(long size) {
    Libc.requireLinux("executable memory");
    long rounded = round(size);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    return place(reserve(rounded), rounded, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1);
  }

  /**
   * Private memory wholly below 2 GiB, so that 32-bit code can address it.
   *
   * @throws HostException where there is none, or execution is asked for and forbidden
   */
  public static Mapping low32(long size, boolean executable) {
    for (long hint = LOW_START; hint + size <= LOW_END; hint += LOW_STEP) {
      try {
        return at(hint, size, executable);
      } catch (HostException e) {
        if (e.errno() != Errno.EEXIST) {
          throw e;
        }
      }
    }
    throw HostException.unsupported(
        size + " bytes of memory below 2 GiB", "another library occupies these addresses");
  }

  /**
   * Private memory at a chosen address, which must be free.
   *
   * @param address a multiple of the page size
   * @throws HostException where something is there already
   */
  public static Mapping at(long address, long size, boolean executable) {
    Libc.requireLinux("memory at a chosen address");
    long rounded = round(size);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    int protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
    NativeCall.Result result = Libc.MMAP.call(address, rounded, protection, flags, -1, 0L);
    String argument = rounded + " bytes at 0x" + Long.toHexString(address);
    if (result.failed()) {
      throw HostException.ofCall(
          "mmap", argument, result.errno(), executable ? EXECUTE_REMEDY : MEMORY_REMEDY);
    }
    if (result.value() != address) {
      // Kernels before 4.17 take the flag for a hint.
      Libc.MUNMAP.call(result.value(), rounded);
      throw HostException.ofCall("mmap", argument, Errno.EEXIST, "");
    }
    return new Mapping(address, rounded, -1, address, rounded);
  }

  private static long round(long size) {
    if (size <= 0 || size > Long.MAX_VALUE - 4 * GRANULE) {
      throw new IllegalArgumentException("a mapping of " + size + " bytes");
    }
    return (size + GRANULE - 1) & -GRANULE;
  }

  private static Mapping ofArena(long size) {
    Arena arena = Arena.ofShared();
    try {
      return new Mapping(arena, arena.allocate(size, GRANULE));
    } catch (OutOfMemoryError e) {
      arena.close();
      throw HostException.unsupported(size + " bytes of memory", MEMORY_REMEDY);
    }
  }

  /** Reserves address space for {@code size} bytes and a guard on both sides. */
  private static long reserve(long size) {
    long whole = size + 2 * GRANULE;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    NativeCall.Result result = Libc.MMAP.call(0L, whole, PROT_NONE, flags, -1, 0L);
    if (result.failed()) {
      throw HostException.ofCall("mmap", size + " bytes", result.errno(), MEMORY_REMEDY);
    }
    return result.value();
  }

  /** Puts memory into the middle of a reservation, or gives the reservation back. */
  private static Mapping place(long reserved, long size, int protection, int flags, int fd) {
    long address = reserved + GRANULE;
    long whole = size + 2 * GRANULE;
    NativeCall.Result result = Libc.MMAP.call(address, size, protection, flags, fd, 0L);
    if (result.failed()) {
      Libc.MUNMAP.call(reserved, whole);
      boolean executable = (protection & PROT_EXEC) != 0;
      throw HostException.ofCall(
          "mmap",
          size + (executable ? " executable bytes" : " bytes"),
          result.errno(),
          executable ? EXECUTE_REMEDY : MEMORY_REMEDY);
    }
    return new Mapping(address, size, fd, reserved, whole);
  }

  private static int createMemoryFile(String name, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      NativeCall.Result result = Libc.MEMFD_CREATE.call(text.address(), MFD_CLOEXEC);
      if (result.failed()) {
        throw HostException.ofCall(
            "memfd_create", name, result.errno(), "raise the limit of open files (ulimit -n)");
      }
      int fd = (int) result.value();
      NativeCall.Result truncated = Libc.FTRUNCATE.call(fd, size);
      if (truncated.failed()) {
        Libc.CLOSE.call(fd);
        throw HostException.ofCall("ftruncate", size + " bytes", truncated.errno(), MEMORY_REMEDY);
      }
      return fd;
    }
  }

  /** The address of the first byte. */
  public long address() {
    return address;
  }

  /** Bytes, a multiple of the page size. */
  public long size() {
    return size;
  }

  /** The memory as a checked segment, usable from every thread until {@link #close()}. */
  public MemorySegment segment() {
    return segment;
  }

  /** The file descriptor of {@link #shared} memory, or -1; it belongs to this mapping. */
  public int fd() {
    return fd;
  }

  /**
   * Gives the pages of a range back to the host; they read as zero afterwards.
   *
   * @param offset bytes from the start, a multiple of the page size
   * @param length bytes, a multiple of the page size
   */
  public void adviseDontNeed(long offset, long length) {
    java.util.Objects.checkFromIndexSize(offset, length, size);
    if (length == 0) {
      return;
    }
    if (!Libc.LINUX) {
      segment.asSlice(offset, length).fill((byte) 0);
      return;
    }
    if (overFile) {
      replace(offset, length);
      return;
    }
    NativeCall.Result result =
        fd >= 0
            ? Libc.FALLOCATE.call(fd, PUNCH_HOLE, offset, length)
            : Libc.MADVISE.call(address + offset, length, MADV_DONTNEED);
    if (result.failed()) {
      throw HostException.ofCall(
          fd >= 0 ? "fallocate" : "madvise",
          length + " bytes at offset " + offset,
          result.errno(),
          "");
    }
  }

  /** Takes a part of a file's copy away: its pages would come from the file again otherwise. */
  private synchronized void replace(long offset, long length) {
    if (length >= GRANULE && holes < MOST_HOLES) {
      holes++;
      int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
      NativeCall.Result result =
          Libc.MMAP.call(address + offset, length, PROT_READ | PROT_WRITE, flags, -1, 0L);
      if (!result.failed()) {
        if (mergeable) {
          Libc.MADVISE.call(address + offset, length, MADV_MERGEABLE);
        }
        return;
      }
    }
    segment.asSlice(offset, length).fill((byte) 0);
  }

  /**
   * The first offset at or after {@code offset} from which on memory may be other than zero, {@link
   * #size} for none; without touching any, where the host can tell.
   */
  public long nextData(long offset) {
    java.util.Objects.checkIndex(offset, size);
    if (overFile || !Libc.LINUX) {
      return offset;
    }
    if (fd < 0) {
      return PageMap.nextPage(address + offset, address + size) - address;
    }
    long found = FileCalls.lseek(fd, offset, HostFile.SEEK_DATA);
    return found == -Errno.ENXIO ? size : found < 0 ? offset : Math.min(found, size);
  }

  /**
   * Asks the kernel to keep equal pages of this and other memory once (KSM, Linux
   * Documentation/admin-guide/mm/ksm.rst), which it does where an administrator has switched that
   * on: whoever writes such a page gets a copy of his own again. Only private memory is merged.
   *
   * @return whether the kernel took it: it may have been built without
   */
  public synchronized boolean adviseMergeable() {
    if (!Libc.LINUX || fd >= 0) {
      return false;
    }
    mergeable = !Libc.MADVISE.call(address, size, MADV_MERGEABLE).failed();
    return mergeable;
  }

  /** Asks for huge pages; a host that has none is not an error. */
  public void adviseHugePages() {
    if (Libc.LINUX) {
      Libc.MADVISE.call(address, size, MADV_HUGEPAGE);
    }
  }

  /** Unmaps the memory; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    arena.close();
    if (reservedSize == 0) {
      return;
    }
    NativeCall.Result result = Libc.MUNMAP.call(reservedAddress, reservedSize);
    if (fd >= 0) {
      Libc.CLOSE.call(fd);
    }
    if (result.failed()) {
      throw HostException.ofCall("munmap", reservedSize + " bytes", result.errno(), "");
    }
  }

  @Override
  public String toString() {
    return "Mapping[0x" + Long.toHexString(address) + ", " + size + " bytes]";
  }

  /** The byte at {@code offset}, checked. */
  public byte getByte(long offset) {
    return segment.get(ValueLayout.JAVA_BYTE, offset);
  }

  /** Stores a byte at {@code offset}, checked. */
  public void putByte(long offset, byte value) {
    segment.set(ValueLayout.JAVA_BYTE, offset, value);
  }
}
