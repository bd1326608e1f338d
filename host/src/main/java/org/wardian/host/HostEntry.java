package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file, folder, link or whatever else has a name in a folder of the host, held by a descriptor
 * ({@code O_PATH}) and not by its name: it stays the same one however names change. From a folder
 * one gets to what is in it, one name at a time, and nowhere else: a name with a slash, {@code .}
 * and {@code ..} are refused, a link is not followed. Linux only.
 *
 * <p>Names are bytes, as the host has them. For any number of threads.
 */
public final class HostEntry implements AutoCloseable {
  /** Longest name, in bytes. */
  public static final int LONGEST_NAME = 255;

  /** Longest text of a symbolic link, in bytes. */
  public static final int LONGEST_LINK = 4095;

  /** {@code O_WRONLY}: opened for writing. */
  public static final int WRITE = 1;

  /** {@code O_RDWR}: opened for reading and writing. */
  public static final int READ_WRITE = 2;

  /** {@code O_TRUNC}: emptied. */
  public static final int TRUNCATE = 01000;

  /** {@code O_APPEND}: all writes go to the end. */
  public static final int APPEND = 02000;

  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_NOCTTY = 0400;
  private static final int O_NONBLOCK = 04000;
  private static final int O_CLOEXEC = 02000000;
  private static final int O_PATH = 010000000;

  /** {@code arch/arm64/include/uapi/asm/fcntl.h} has numbers of its own. */
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

  private static final int O_DIRECTORY = ARM ? 040000 : 0200000;
  private static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;

  private static final int USABLE_FLAGS = WRITE | READ_WRITE | TRUNCATE | APPEND;

  private static final int AT_FDCWD = -100;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int AT_EMPTY_PATH = 0x1000;

  /** {@code UTIME_NOW} and {@code UTIME_OMIT}. */
  private static final long NOW = (1L << 30) - 1;

  private static final long LEFT = (1L << 30) - 2;

  /** Where in the thread's scratch a second name stands. */
  private static final int SECOND = 256;

  private static final String OWN_DESCRIPTORS = "/proc/self/fd/";

  private final Descriptor descriptor;

  private HostEntry(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * A folder by the name that the user gave, which may be a link.
   *
   * @throws HostException with the error number; {@link Errno#ENOTDIR} where it is no folder
   */
  public static HostEntry folder(Path path) {
    Libc.requireLinux(path.toString());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      int fd = EntryCalls.openat(AT_FDCWD, text.address(), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
      if (fd < 0) {
        throw HostException.ofCall("open", path.toString(), -fd, "");
      }
      return new HostEntry(Descriptor.adopt(fd, path.toString()));
    }
  }

  /** Bytes of a name as C has them, in the thread's scratch. */
  private static long name(CallFrame frame, int at, byte[] name) throws EntryException {
    if (name.length > LONGEST_NAME) {
      throw EntryException.of(Errno.ENAMETOOLONG);
    }
    boolean dots = name.length > 0 && name.length < 3;
    for (byte b : name) {
      if (b == 0 || b == '/') {
        throw EntryException.of(Errno.EINVAL);
      }
      dots &= b == '.';
    }
    if (dots || name.length == 0) {
      throw EntryException.of(Errno.EINVAL);
    }
    text(frame, at, name);
    return frame.scratchAddress() + at;
  }

  private static void text(CallFrame frame, int at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, frame.scratch(), ValueLayout.JAVA_BYTE, at, bytes.length);
    frame.scratch().set(ValueLayout.JAVA_BYTE, at + bytes.length, (byte) 0);
  }

  /** The name by which calls reach an entry that is held, whatever names it has. */
  private static long ownName(CallFrame frame, int fd) {
    text(frame, 0, (OWN_DESCRIPTORS + fd).getBytes(StandardCharsets.US_ASCII));
    return frame.scratchAddress();
  }

  private static int check(int result) throws EntryException {
    if (result < 0) {
      throw EntryException.of(-result);
    }
    return result;
  }

  /** What is done with the entry's own descriptor. */
  private interface Work<T> {
    /**
     * Does it.
     *
     * @param frame the thread's, with its scratch
     * @param own the number of the descriptor
     */
    T with(CallFrame frame, int own) throws EntryException;
  }

  /** Does something while the descriptor cannot be closed by another thread. */
  private <T> T held(Work<T> work) throws EntryException {
    CallFrame frame = CallFrame.current();
    descriptor.hold();
    try {
      return work.with(frame, descriptor.fd());
    } finally {
      descriptor.letGo();
    }
  }

  /** What has a name in this folder; a link itself, not what it leads to. */
  public HostEntry child(byte[] name) throws EntryException {
    return held((frame, own) -> {
      int fd =
          check(EntryCalls.openat(own, name(frame, 0, name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
      return new HostEntry(Descriptor.adopt(fd, "entry"));
    });
  }

  /** This folder once more, closed by itself. */
  public HostEntry again() throws EntryException {
    return held((frame, own) -> {
      text(frame, 0, new byte[] {'.'});
      int fd =
          check(
              EntryCalls.openat(
                  own, frame.scratchAddress(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
      return new HostEntry(Descriptor.adopt(fd, "folder"));
    });
  }

  /** What the host knows of it. */
  public EntryStatus status() throws EntryException {
    return held((frame, own) -> {
      text(frame, 0, new byte[0]);
      long result = frame.scratchAddress() + SECOND;
      check(EntryCalls.statx(own, frame.scratchAddress(), AT_EMPTY_PATH, EntryStatus.MASK, result));
      return EntryStatus.of(frame.scratch().asSlice(SECOND, EntryStatus.SIZE));
    });
  }

  /** What the host knows of the file system that it is on. */
  public FileSystemStatus fileSystem() throws EntryException {
    return held((frame, own) -> {
      check(EntryCalls.fstatfs(own, frame.scratchAddress()));
      return FileSystemStatus.of(frame.scratch().asSlice(0, FileSystemStatus.SIZE));
    });
  }

  /**
   * Opens an ordinary file; whatever else it is gives {@link Errno#ENXIO}, or {@link Errno#EISDIR}.
   *
   * @param flags {@link #WRITE} or {@link #READ_WRITE}, {@link #TRUNCATE}, {@link #APPEND}
   */
  public HostFile open(int flags) throws EntryException {
    EntryStatus status = status();
    if (!status.file()) {
      // A pipe or a device would do things that no file does.
      throw EntryException.of(status.folder() ? Errno.EISDIR : Errno.ENXIO);
    }
    return held((frame, own) -> {
      int fd =
          check(
              EntryCalls.openat(
                  AT_FDCWD,
                  ownName(frame, own),
                  flags & USABLE_FLAGS | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0));
      return HostFile.of(Descriptor.adopt(fd, "file"));
    });
  }

  /**
   * Makes an ordinary file that did not exist, and opens it.
   *
   * @param flags as of {@link #open}
   * @param mode its permissions, whatever the process's mask
   */
  public HostFile create(byte[] name, int flags, int mode) throws EntryException {
    return held((frame, own) -> {
      int fd =
          check(
              EntryCalls.openat(
                  own,
                  name(frame, 0, name),
                  flags & USABLE_FLAGS | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
                  mode));
      HostFile file = HostFile.of(Descriptor.adopt(fd, "file"));
      int result = EntryCalls.fchmodat(AT_FDCWD, ownName(frame, fd), mode, 0);
      if (result < 0) {
        file.close();
        throw EntryException.of(-result);
      }
      return file;
    });
  }

  /** Opens a folder for the list of its entries. */
  public FolderStream list() throws EntryException {
    return held((frame, own) -> {
      text(frame, 0, new byte[] {'.'});
      int fd = check(EntryCalls.openat(own, frame.scratchAddress(), O_DIRECTORY | O_CLOEXEC, 0));
      return new FolderStream(Descriptor.adopt(fd, "folder"));
    });
  }

  /** Makes a folder in this one. */
  public void makeFolder(byte[] name, int mode) throws EntryException {
    held((frame, own) -> check(EntryCalls.mkdirat(own, name(frame, 0, name), mode)));
  }

  /**
   * Takes a name out of this folder.
   *
   * @param folder whether it is that of an empty folder, or of anything else
   */
  public void remove(byte[] name, boolean folder) throws EntryException {
    held((frame, own) ->
        check(EntryCalls.unlinkat(own, name(frame, 0, name), folder ? AT_REMOVEDIR : 0)));
  }

  /** Gives what has a name in this folder another one, in another folder perhaps. */
  public void rename(byte[] name, HostEntry newFolder, byte[] newName) throws EntryException {
    held((frame, own) -> {
      newFolder.descriptor.hold();
      try {
        check(
            EntryCalls.renameat(
                own,
                name(frame, 0, name),
                newFolder.descriptor.fd(),
                name(frame, SECOND, newName)));
      } finally {
        newFolder.descriptor.letGo();
      }
      return null;
    });
  }

  /** Makes a symbolic link in this folder. */
  public void makeLink(byte[] name, byte[] target) throws EntryException {
    if (target.length > LONGEST_LINK) {
      throw EntryException.of(Errno.ENAMETOOLONG);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(target.length + 1L);
      MemorySegment.copy(target, 0, text, ValueLayout.JAVA_BYTE, 0, target.length);
      held((frame, own) -> check(EntryCalls.symlinkat(text.address(), own, name(frame, 0, name))));
    }
  }

  /** The text of a symbolic link. */
  public byte[] readLink() throws EntryException {
    return held((frame, own) -> {
      text(frame, 0, new byte[0]);
      return readLink(own, frame.scratchAddress());
    });
  }

  private static byte[] readLink(int folder, long name) throws EntryException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_LINK + 1L);
      long length = EntryCalls.readlinkat(folder, name, text.address(), text.byteSize());
      if (length < 0) {
        throw EntryException.of((int) -length);
      }
      return text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Where it is now, by the kernel's word; of something removed, a name that leads nowhere. */
  public byte[] path() throws EntryException {
    return held((frame, own) -> readLink(AT_FDCWD, ownName(frame, own)));
  }

  /** Gives a file that is held another name, in this folder. */
  public void addName(HostEntry file, byte[] name) throws EntryException {
    held((frame, own) -> {
      file.descriptor.hold();
      try {
        long newName = name(frame, SECOND, name);
        check(
            EntryCalls.linkat(
                AT_FDCWD, ownName(frame, file.descriptor.fd()), own, newName, AT_SYMLINK_FOLLOW));
      } finally {
        file.descriptor.letGo();
      }
      return null;
    });
  }

  /** Sets the permissions, of anything but a link. */
  public void setMode(int mode) throws EntryException {
    held((frame, own) -> check(EntryCalls.fchmodat(AT_FDCWD, ownName(frame, own), mode, 0)));
  }

  /** Sets the size of an ordinary file. */
  public void setSize(long size) throws EntryException {
    EntryStatus status = status();
    if (!status.file()) {
      throw EntryException.of(status.folder() ? Errno.EISDIR : Errno.EINVAL);
    }
    held((frame, own) -> check(EntryCalls.truncate(ownName(frame, own), size)));
  }

  /** What becomes of a time. */
  public sealed interface TimeChange {
    /** It is left. */
    record Keep() implements TimeChange {}

    /** It becomes the host's present. */
    record Present() implements TimeChange {}

    /** It becomes that. */
    record To(EntryStatus.Time time) implements TimeChange {}
  }

  /** Sets the times of the last access and of the last change. */
  public void setTimes(TimeChange accessed, TimeChange modified) throws EntryException {
    held((frame, own) -> {
      put(frame, SECOND, accessed);
      put(frame, SECOND + 16, modified);
      check(
          EntryCalls.utimensat(AT_FDCWD, ownName(frame, own), frame.scratchAddress() + SECOND, 0));
      return null;
    });
  }

  private static void put(CallFrame frame, int at, TimeChange change) {
    long seconds = change instanceof TimeChange.To to ? to.time().seconds() : 0;
    long nanoseconds =
        switch (change) {
          case TimeChange.Keep keep -> LEFT;
          case TimeChange.Present present -> NOW;
          case TimeChange.To to -> to.time().nanoseconds();
        };
    frame.scratch().set(ValueLayout.JAVA_LONG, at, seconds);
    frame.scratch().set(ValueLayout.JAVA_LONG, at + 8L, nanoseconds);
  }

  /** Lets it go; a second call does nothing. */
  @Override
  public void close() {
    descriptor.close();
  }

  @Override
  public String toString() {
    return descriptor.toString();
  }
}
