package org.wardian.virtio.p9;

import org.wardian.host.EntryException;
import org.wardian.host.Errno;
import org.wardian.host.FolderStream;
import org.wardian.host.HostEntry;
import org.wardian.host.HostFile;

/** What a number of the guest stands for: an entry of the folder, and what it is opened as. */
final class Fid {
  /** What {@link #flags} is of a fid that is not open. */
  static final int CLOSED = -1;

  /** An entry that several fids stand for, closed with the last of them. */
  static final class Shared {
    private final HostEntry entry;
    private int users = 1;

    Shared(HostEntry entry) {
      this.entry = entry;
    }
  }

  /** Null where what it stood for is no longer there. */
  private final Shared shared;

  private HostFile file;
  private FolderStream folder;
  private int flags = CLOSED;

  private Fid(Shared shared) {
    this.shared = shared;
  }

  /** Stands for an entry, which from now on is the fid's to close. */
  static Fid of(HostEntry entry) {
    return new Fid(new Shared(entry));
  }

  /** Stands for nothing any more. */
  static Fid lost() {
    return new Fid(null);
  }

  /** Another one for the same entry, not open. */
  Fid twin() {
    if (shared != null) {
      shared.users++;
    }
    return new Fid(shared);
  }

  HostEntry entry() throws EntryException {
    if (shared == null) {
      throw EntryException.of(Errno.ESTALE);
    }
    return shared.entry;
  }

  boolean isOpen() {
    return flags != CLOSED;
  }

  int flags() {
    return flags;
  }

  HostFile file() throws EntryException {
    if (file == null) {
      throw EntryException.of(folder != null ? Errno.EISDIR : Errno.EBADF);
    }
    return file;
  }

  FolderStream folder() throws EntryException {
    if (folder == null) {
      throw EntryException.of(file != null ? Errno.ENOTDIR : Errno.EBADF);
    }
    return folder;
  }

  void opened(HostFile opened, int how) {
    file = opened;
    flags = how;
  }

  void opened(FolderStream opened) {
    folder = opened;
    flags = 0;
  }

  /** Whether it is the list of a folder. */
  boolean listing() {
    return folder != null;
  }

  void close() {
    if (file != null) {
      file.close();
    }
    if (folder != null) {
      folder.close();
    }
    if (shared != null && --shared.users == 0) {
      shared.entry.close();
    }
  }
}
