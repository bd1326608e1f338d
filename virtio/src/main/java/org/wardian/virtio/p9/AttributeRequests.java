package org.wardian.virtio.p9;

import org.wardian.host.EntryException;
import org.wardian.host.EntryStatus;
import org.wardian.host.FileSystemStatus;
import org.wardian.host.HostEntry;
import org.wardian.host.HostEntry.TimeChange;
import org.wardian.storage.share.SharedFolder;

/** Requests about what a file is. */
final class AttributeRequests {
  /** Permissions, and the sticky bit; a file of the guest's is never set-user-ID on the host. */
  private static final int FILE_MODE = 01777;

  /** Those, and that new entries inherit a folder's group. */
  private static final int FOLDER_MODE = 03777;

  private final SharedFolder folder;
  private final FidTable fids;
  private final Qids qids;

  AttributeRequests(SharedFolder folder, FidTable fids, Qids qids) {
    this.folder = folder;
    this.fids = fids;
    this.qids = qids;
  }

  /**
   * Attributes of a file.
   *
   * @param transfer bytes that the guest moves best at once
   */
  void get(P9Message message, P9Reply reply, int transfer) throws EntryException {
    EntryStatus status = fids.get(message.intField()).entry().status();
    reply.putLong(
        P9Protocol.ATTRIBUTES_BASIC | (status.born() != null ? P9Protocol.ATTRIBUTES_BIRTH : 0));
    qids.put(reply, status);
    reply
        .putInt(status.mode())
        .putInt(folder.userInGuest(status.owner()))
        .putInt(folder.groupInGuest(status.group()))
        .putLong(status.links())
        .putLong(device(status.special()))
        .putLong(status.size())
        .putLong(transfer)
        .putLong(status.blocks())
        .putTime(status.accessed())
        .putTime(status.modified())
        .putTime(status.changed())
        .putTime(status.born())
        .putLong(0)
        .putLong(0);
  }

  /** A device's number as Linux's {@code huge_encode_dev} has it. */
  private static long device(long special) {
    long major = special >>> 32;
    long minor = special & 0xffff_ffffL;
    return minor & 0xff | major << 8 | (minor & ~0xffL) << 12;
  }

  /** Changes attributes. A change of the owner has no effect. */
  void set(P9Message message) throws EntryException {
    folder.checkWritable();
    final HostEntry entry = fids.get(message.intField()).entry();
    final int valid = message.intField();
    final int mode = message.intField();
    message.intField();
    message.intField();
    final long size = message.longField();
    final TimeChange accessed =
        change(message, valid, P9Protocol.SET_ACCESSED, P9Protocol.SET_ACCESSED_TO);
    final TimeChange modified =
        change(message, valid, P9Protocol.SET_MODIFIED, P9Protocol.SET_MODIFIED_TO);
    if ((valid & P9Protocol.SET_MODE) != 0) {
      entry.setMode(mode & (entry.status().folder() ? FOLDER_MODE : FILE_MODE));
    }
    if ((valid & P9Protocol.SET_SIZE) != 0) {
      entry.setSize(size);
    }
    if ((valid & (P9Protocol.SET_ACCESSED | P9Protocol.SET_MODIFIED)) != 0) {
      entry.setTimes(accessed, modified);
    }
  }

  private static TimeChange change(P9Message message, int valid, int set, int to)
      throws EntryException {
    long seconds = message.longField();
    long nanoseconds = message.longField();
    if ((valid & set) == 0) {
      return new TimeChange.Keep();
    }
    return (valid & to) == 0
        ? new TimeChange.Present()
        : new TimeChange.To(new EntryStatus.Time(seconds, Math.clamp(nanoseconds, 0, 999_999_999)));
  }

  void fileSystem(P9Message message, P9Reply reply) throws EntryException {
    FileSystemStatus status = fids.get(message.intField()).entry().fileSystem();
    reply
        .putInt(P9Protocol.MAGIC)
        .putInt((int) status.blockSize())
        .putLong(status.blocks())
        .putLong(status.free())
        .putLong(status.available())
        .putLong(status.files())
        .putLong(status.freeFiles())
        .putLong(status.id())
        .putInt((int) status.longestName());
  }

  void readLink(P9Message message, P9Reply reply) throws EntryException {
    reply.putText(fids.get(message.intField()).entry().readLink());
  }
}
