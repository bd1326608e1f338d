package org.wardian.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.host.Errno;
import org.wardian.host.HostFile;

/**
 * Keeps two writers from one image file, in a way that QEMU understands: who uses the file holds a
 * shared lock on byte 100 + n for each thing n that it does, and on byte 200 + n for each that it
 * does not bear from others; and looks whether another holds the opposite byte (QEMU, "Image
 * locking"). A writer bears readers that bear writers; every reader of ours bears none, as QEMU's
 * do not. The locks belong to the open file and end with it.
 */
final class ImageLock {
  /** First byte of "I do". */
  private static final int DOES = 100;

  /** First byte of "others must not". */
  private static final int FORBIDS = 200;

  private static final int CONSISTENT_READ = 1;
  private static final int WRITE = 2;
  private static final int RESIZE = 8;
  private static final int THINGS = 4;

  private ImageLock() {}

  /**
   * Takes the locks of a reader or writer; does not wait. Where the file system has no locks,
   * nothing is taken.
   *
   * @throws ImageInUseException where another has the file
   */
  static void take(HostFile file, Path path, boolean writer) throws IOException {
    int does = writer ? CONSISTENT_READ | WRITE | RESIZE : CONSISTENT_READ;
    int forbids = WRITE | RESIZE;
    if (!mark(file, DOES, does) || !mark(file, FORBIDS, forbids)) {
      return;
    }
    if (held(file, FORBIDS, does) || held(file, DOES, forbids)) {
      throw inUse(path, writer);
    }
  }

  /**
   * Gives all locks back. A close alone is not enough: a process that is being started has the file
   * too, until it is another program.
   */
  static void release(HostFile file) {
    file.unlock(DOES, FORBIDS + THINGS - DOES);
  }

  /** One message for every host. */
  static ImageInUseException inUse(Path path, boolean writer) {
    return new ImageInUseException(
        path
            + " is in use by another process (a running machine, or qemu): "
            + (writer
                ? "stop that first, or work on an overlay of it"
                : "stop that first, or ask for it without locks if a torn view is good enough"));
  }

  private static boolean mark(HostFile file, int base, int things) {
    for (int i = 0; i < THINGS; i++) {
      if ((things >> i & 1) != 0) {
        int result = file.lockShared(base + i, 1);
        if (result < 0 && result != -Errno.EAGAIN && result != -Errno.EACCES) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean held(HostFile file, int base, int things) {
    for (int i = 0; i < THINGS; i++) {
      if ((things >> i & 1) != 0 && file.lockedElsewhere(base + i, 1) == 1) {
        return true;
      }
    }
    return false;
  }
}
