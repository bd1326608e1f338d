package org.wardian.virtio.p9;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.host.EntryException;
import org.wardian.host.EntryStatus;
import org.wardian.host.Errno;
import org.wardian.host.HostEntry;
import org.wardian.storage.share.SharedFolder;

/** Requests about names: walking, making, moving, removing. */
final class NameRequests {
  /** {@code S_ISGID} of a folder, which its new folders inherit. */
  private static final int INHERITED = 02000;

  /** Permissions and the sticky bit: what a guest may set on its new folders. */
  private static final int FOLDER_MODE = 01777;

  private final SharedFolder folder;
  private final FidTable fids;
  private final Qids qids;

  NameRequests(SharedFolder folder, FidTable fids, Qids qids) {
    this.folder = folder;
    this.fids = fids;
    this.qids = qids;
  }

  /** Goes from an entry by names to another; as far as it gets, where that is one step at least. */
  void walk(P9Message message, P9Reply reply) throws EntryException {
    Fid from = fids.get(message.intField());
    int number = message.intField();
    int count = message.shortField();
    if (count > P9Protocol.MOST_NAMES) {
      throw EntryException.of(Errno.EINVAL);
    }
    byte[][] names = new byte[count][];
    for (int i = 0; i < count; i++) {
      names[i] = message.textField();
    }
    boolean inPlace = fids.all().get(number) == from;
    if (!inPlace) {
      fids.checkFree(number);
    } else if (from.isOpen()) {
      throw EntryException.of(Errno.EBUSY);
    }
    reply.putShort(0);
    if (count == 0) {
      from.entry();
      if (!inPlace) {
        fids.put(number, from.twin());
      }
      return;
    }
    HostEntry at = null;
    int done = 0;
    try {
      for (byte[] name : names) {
        HostEntry next = step(at == null ? from.entry() : at, name);
        if (at != null) {
          at.close();
        }
        at = next;
        qids.put(reply, at.status());
        done++;
      }
    } catch (EntryException e) {
      if (at != null) {
        at.close();
      }
      if (done == 0) {
        throw e;
      }
      at = null;
    }
    reply.putShort(P9Protocol.HEADER, done);
    if (at != null) {
      fids.put(number, Fid.of(at));
    }
  }

  private HostEntry step(HostEntry from, byte[] name) throws EntryException {
    if (!Arrays.equals(name, new byte[] {'.', '.'})) {
      return from.child(name);
    }
    if (!from.status().folder()) {
      throw EntryException.of(Errno.ENOTDIR);
    }
    List<byte[]> names = names(from);
    return reach(names.subList(0, Math.max(0, names.size() - 1)));
  }

  /** The names from the folder to an entry, as the kernel knows them now. */
  List<byte[]> names(HostEntry entry) throws EntryException {
    byte[] root = folder.root().path();
    byte[] path = entry.path();
    int start = root.length == 1 ? 0 : root.length;
    boolean within =
        path.length >= start
            && Arrays.equals(root, 0, start, path, 0, start)
            && (path.length == start || path[start] == '/');
    if (!within) {
      throw EntryException.of(Errno.ESTALE);
    }
    List<byte[]> names = new ArrayList<>();
    ByteBuffer rest = ByteBuffer.wrap(path, start, path.length - start);
    while (rest.hasRemaining()) {
      rest.get();
      int from = rest.position();
      int to = from;
      while (to < path.length && path[to] != '/') {
        to++;
      }
      if (to > from) {
        names.add(Arrays.copyOfRange(path, from, to));
      }
      rest.position(to);
    }
    return names;
  }

  /** What these names lead to, from the folder on; without following a link. */
  HostEntry reach(List<byte[]> names) throws EntryException {
    HostEntry at = null;
    try {
      for (byte[] name : names) {
        HostEntry next = (at == null ? folder.root() : at).child(name);
        if (at != null) {
          at.close();
        }
        at = next;
      }
    } catch (EntryException e) {
      if (at != null) {
        at.close();
      }
      throw e;
    }
    // One of its own: whoever gets it closes it.
    return at == null ? folder.root().again() : at;
  }

  void makeFolder(P9Message message, P9Reply reply) throws EntryException {
    folder.checkWritable();
    HostEntry parent = fids.get(message.intField()).entry();
    byte[] name = message.textField();
    int mode = message.intField() & FOLDER_MODE;
    parent.makeFolder(name, mode);
    try (HostEntry made = parent.child(name)) {
      EntryStatus status = made.status();
      if (status.folder()) {
        // Whatever the mask of this process.
        made.setMode(mode | status.mode() & INHERITED);
      }
      qids.put(reply, made.status());
    }
  }

  void makeLink(P9Message message, P9Reply reply) throws EntryException {
    folder.checkWritable();
    HostEntry parent = fids.get(message.intField()).entry();
    byte[] name = message.textField();
    parent.makeLink(name, message.textField());
    try (HostEntry made = parent.child(name)) {
      qids.put(reply, made.status());
    }
  }

  void addName(P9Message message) throws EntryException {
    folder.checkWritable();
    HostEntry parent = fids.get(message.intField()).entry();
    HostEntry file = fids.get(message.intField()).entry();
    parent.addName(file, message.textField());
  }

  void renameAt(P9Message message) throws EntryException {
    folder.checkWritable();
    HostEntry from = fids.get(message.intField()).entry();
    byte[] name = message.textField();
    HostEntry to = fids.get(message.intField()).entry();
    from.rename(name, to, message.textField());
  }

  void removeAt(P9Message message) throws EntryException {
    folder.checkWritable();
    HostEntry parent = fids.get(message.intField()).entry();
    byte[] name = message.textField();
    int flags = message.intField();
    if ((flags & ~P9Protocol.REMOVE_FOLDER) != 0) {
      throw EntryException.of(Errno.EINVAL);
    }
    parent.remove(name, flags != 0);
  }

  /** Something to be done to an entry by the name that it has now. */
  private interface NamedAct {
    void accept(HostEntry parent, byte[] name) throws EntryException;
  }

  private void byName(HostEntry entry, NamedAct act) throws EntryException {
    List<byte[]> names = names(entry);
    if (names.isEmpty()) {
      throw EntryException.of(Errno.EBUSY);
    }
    try (HostEntry parent = reach(names.subList(0, names.size() - 1))) {
      byte[] name = names.getLast();
      try (HostEntry found = parent.child(name)) {
        if (!found.status().sameFile(entry.status())) {
          throw EntryException.of(Errno.ESTALE);
        }
      }
      act.accept(parent, name);
    }
  }

  void rename(P9Message message) throws EntryException {
    folder.checkWritable();
    HostEntry entry = fids.get(message.intField()).entry();
    HostEntry to = fids.get(message.intField()).entry();
    byte[] newName = message.textField();
    byName(entry, (parent, name) -> parent.rename(name, to, newName));
  }

  /** Removes what a fid stands for, and the fid, whatever comes of it ({@code remove(5)}). */
  void remove(P9Message message) throws EntryException {
    int number = message.intField();
    Fid fid = fids.get(number);
    try {
      folder.checkWritable();
      HostEntry entry = fid.entry();
      boolean isFolder = entry.status().folder();
      byName(entry, (parent, name) -> parent.remove(name, isFolder));
    } finally {
      fids.remove(number);
    }
  }
}
