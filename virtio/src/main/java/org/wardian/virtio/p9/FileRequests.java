package org.wardian.virtio.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;
import org.wardian.host.HostEntry;
import org.wardian.host.HostFile;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.queue.DescriptorChain;

/** Requests about what is in files and folders. */
final class FileRequests {
  private static final int FILE_MODE = 01777;

  /** {@code struct linux_dirent64}: inode, position, length, kind, name. */
  private static final int ENTRY_POSITION = 8;

  private static final int ENTRY_LENGTH = 16;
  private static final int ENTRY_KIND = 18;
  private static final int ENTRY_NAME = 19;

  /** {@code DT_DIR} and {@code DT_LNK}. */
  private static final int KIND_FOLDER = 4;

  private static final int KIND_LINK = 10;

  /** Bytes of an entry in a listing beside its name: qid, position, kind, length. */
  private static final int LISTED = P9Protocol.QID + 8 + 1 + 2;

  private final SharedFolder folder;
  private final FidTable fids;
  private final Qids qids;
  private final ByteBuffer entries =
      ByteBuffer.allocateDirect(P9Reply.CAPACITY).order(ByteOrder.nativeOrder());

  FileRequests(SharedFolder folder, FidTable fids, Qids qids) {
    this.folder = folder;
    this.fids = fids;
    this.qids = qids;
  }

  void open(P9Message message, P9Reply reply) throws EntryException {
    Fid fid = fids.get(message.intField());
    int flags = hostFlags(message.intField());
    open(fid, flags);
    qids.put(reply, fid.entry().status());
    reply.putInt(0);
  }

  /** Opens what a fid stands for. */
  void open(Fid fid, int flags) throws EntryException {
    if (fid.isOpen()) {
      throw EntryException.of(Errno.EBUSY);
    }
    if (flags != 0) {
      folder.checkWritable();
    }
    if (fid.entry().status().folder()) {
      if (flags != 0) {
        throw EntryException.of(Errno.EISDIR);
      }
      fid.opened(fid.entry().list());
    } else {
      fid.opened(fid.entry().open(flags), flags);
    }
  }

  /** Of the guest's flags those that are the server's business. */
  private static int hostFlags(int flags) throws EntryException {
    int access = flags & P9Protocol.ACCESS_MODE;
    if (access == P9Protocol.ACCESS_MODE) {
      throw EntryException.of(Errno.EINVAL);
    }
    return access
        | ((flags & P9Protocol.EMPTY) != 0 ? HostEntry.TRUNCATE : 0)
        | ((flags & P9Protocol.APPENDING) != 0 ? HostEntry.APPEND : 0);
  }

  /** Makes a file, unless there is one, and opens it; the fid then stands for it. */
  void create(P9Message message, P9Reply reply) throws EntryException {
    folder.checkWritable();
    int number = message.intField();
    Fid parent = fids.get(number);
    byte[] name = message.textField();
    int asked = message.intField();
    int flags = hostFlags(asked);
    int mode = message.intField() & FILE_MODE;
    if (parent.isOpen()) {
      throw EntryException.of(Errno.EBUSY);
    }
    HostFile file = null;
    try {
      file = parent.entry().create(name, flags, mode);
    } catch (EntryException e) {
      if (e.errno() != Errno.EEXIST || (asked & P9Protocol.EXCLUSIVE) != 0) {
        throw e;
      }
    }
    Fid made = null;
    try {
      made = Fid.of(parent.entry().child(name));
      if (file != null) {
        made.opened(file, flags);
        file = null;
      } else {
        open(made, flags);
      }
      qids.put(reply, made.entry().status());
      reply.putInt(0);
      fids.put(number, made);
      made = null;
    } finally {
      if (made != null) {
        made.close();
      }
      if (file != null) {
        file.close();
      }
    }
  }

  /**
   * Reads from a file into the guest's memory.
   *
   * @return bytes that were read, which stand behind the place of the answer's header
   */
  int read(P9Message message, DescriptorChain chain, int most) throws EntryException {
    HostFile file = fids.get(message.intField()).file();
    long offset = message.longField();
    int room = Math.min(most, chain.writable()) - P9Protocol.READ_HEADER;
    int count = (int) Math.min(message.unsignedField(), Math.max(0, room));
    int done = move(file, false, offset, chain.writableBuffers(P9Protocol.READ_HEADER, count));
    chain.written(P9Protocol.READ_HEADER, done);
    return done;
  }

  /** Writes what the guest sent behind the fields. */
  void write(P9Message message, DescriptorChain chain, int length, P9Reply reply)
      throws EntryException {
    folder.checkWritable();
    HostFile file = fids.get(message.intField()).file();
    long offset = message.longField();
    long count = message.unsignedField();
    if (count > length - P9Protocol.WRITE_HEADER) {
      throw EntryException.of(Errno.EINVAL);
    }
    reply.putInt(
        move(file, true, offset, chain.readableBuffers(P9Protocol.WRITE_HEADER, (int) count)));
  }

  /** As much as the host takes or has; an error counts only where nothing was moved before. */
  private static int move(HostFile file, boolean write, long offset, List<ByteBuffer> list)
      throws EntryException {
    if (offset < 0) {
      throw EntryException.of(Errno.EINVAL);
    }
    ByteBuffer[] buffers = list.toArray(ByteBuffer[]::new);
    int done = 0;
    int first = 0;
    while (first < buffers.length) {
      long asked = 0;
      int count = Math.min(HostFile.MAX_VECTORS, buffers.length - first);
      for (int i = 0; i < count; i++) {
        asked += buffers[first + i].remaining();
      }
      long moved =
          write
              ? file.write(offset + done, buffers, first, count, asked)
              : file.read(offset + done, buffers, first, count, asked);
      if (moved < 0 && done == 0) {
        throw EntryException.of((int) -moved);
      }
      done += (int) Math.max(0, moved);
      if (moved < asked) {
        break;
      }
      first += count;
    }
    return done;
  }

  /** Lists a folder from a place on. */
  void list(P9Message message, P9Reply reply, int most) throws EntryException {
    final Fid fid = fids.get(message.intField());
    final long from = message.longField();
    int room =
        (int)
            Math.min(
                message.unsignedField(), Math.min(most, P9Reply.CAPACITY) - P9Protocol.LIST_HEADER);
    if (room < LISTED + 1) {
      throw EntryException.of(Errno.EINVAL);
    }
    // As many as fit, roughly: the host's form of an entry is as long as ours.
    entries.clear().limit(Math.max(room, LISTED + HostEntry.LONGEST_NAME));
    fid.folder().read(from, entries);
    entries.flip();
    boolean isRoot = fid.entry().status().sameFile(folder.root().status());
    reply.putInt(0);
    int start = reply.length();
    long reached = from;
    for (int at = 0; at < entries.limit(); ) {
      int length = entries.getShort(at + ENTRY_LENGTH) & 0xffff;
      byte[] name = nameOf(at + ENTRY_NAME, at + length);
      if (reply.length() - start + LISTED + name.length > room) {
        break;
      }
      long inode = entries.getLong(at);
      if (isRoot && name.length == 2 && name[0] == '.' && name[1] == '.') {
        // What is above is nobody's business.
        inode = folder.root().status().inode();
      }
      int kind = entries.get(at + ENTRY_KIND) & 0xff;
      reached = entries.getLong(at + ENTRY_POSITION);
      reply
          .putByte(Qids.kind(kind == KIND_FOLDER, kind == KIND_LINK))
          .putInt(0)
          .putLong(inode)
          .putLong(reached)
          .putByte(kind)
          .putText(name);
      at += length;
      if (at >= entries.limit()) {
        fid.folder().usedTo(reached);
      }
    }
    if (entries.limit() > 0 && reply.length() == start) {
      throw EntryException.of(Errno.EINVAL);
    }
    reply.putInt(start - 4, reply.length() - start);
  }

  private byte[] nameOf(int from, int limit) {
    int end = from;
    while (end < limit && entries.get(end) != 0) {
      end++;
    }
    byte[] name = new byte[end - from];
    entries.get(from, name);
    return name;
  }

  void sync(P9Message message) throws EntryException {
    Fid fid = fids.get(message.intField());
    boolean dataOnly = message.intField() != 0;
    if (fid.listing()) {
      fid.folder().sync();
      return;
    }
    int result = dataOnly ? fid.file().sync() : fid.file().syncAll();
    if (result < 0) {
      throw EntryException.of(-result);
    }
  }

  /** Grants every lock: the guest's kernel has kept its own programs apart already. */
  void lock(P9Message message, P9Reply reply) throws EntryException {
    fids.get(message.intField());
    reply.putByte(P9Protocol.LOCK_GRANTED);
  }

  void getLock(P9Message message, P9Reply reply) throws EntryException {
    fids.get(message.intField());
    message.byteField();
    reply
        .putByte(P9Protocol.UNLOCKED)
        .putLong(message.longField())
        .putLong(message.longField())
        .putInt(message.intField())
        .putText(message.textField());
  }
}
