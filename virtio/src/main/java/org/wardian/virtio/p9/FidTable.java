package org.wardian.virtio.p9;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;

/** The fids of one guest, and how many it may have. */
final class FidTable {
  /** The most fids, whatever the host would grant. */
  private static final int MOST = 1 << 16;

  /** Where Linux tells how many files a process may have open. */
  private static final Path LIMITS = Path.of("/proc/self/limits");

  private static final String OPEN_FILES = "Max open files";

  private final Map<Integer, Fid> fids = new TreeMap<>();
  private final int most;

  /** An empty table: a fid is one or two open files, and others need some too. */
  FidTable() {
    this(Math.min(MOST, openFiles() / 4));
  }

  FidTable(int most) {
    this.most = most;
  }

  private static int openFiles() {
    try {
      return Files.readAllLines(LIMITS).stream()
          .filter(line -> line.startsWith(OPEN_FILES))
          .map(line -> line.substring(OPEN_FILES.length()).strip().split(" +")[0])
          .filter(number -> number.matches("\\d{1,9}"))
          .mapToInt(Integer::parseInt)
          .findFirst()
          .orElse(4 * MOST);
    } catch (IOException e) {
      // What POSIX promises every process, and more than enough for a try.
      return 256;
    }
  }

  Fid get(int number) throws EntryException {
    Fid fid = fids.get(number);
    if (fid == null) {
      throw EntryException.of(Errno.EBADF);
    }
    return fid;
  }

  /** Whether a new fid may have this number. */
  void checkFree(int number) throws EntryException {
    if (fids.containsKey(number)) {
      throw EntryException.of(Errno.EBADF);
    }
    if (fids.size() >= most) {
      throw EntryException.of(Errno.EMFILE);
    }
  }

  /** Gives a number to a fid; one that had it before is closed. */
  void put(int number, Fid fid) {
    Fid before = fids.put(number, fid);
    if (before != null) {
      before.close();
    }
  }

  /** Takes a number back, and closes its fid. */
  void remove(int number) throws EntryException {
    get(number).close();
    fids.remove(number);
  }

  void clear() {
    fids.values().forEach(Fid::close);
    fids.clear();
  }

  Map<Integer, Fid> all() {
    return fids;
  }
}
