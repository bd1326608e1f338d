package org.wardian.virtio.p9;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;
import org.wardian.host.HostEntry;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;

/**
 * A server of 9P2000.L for one guest, which owns one folder of the host. The guest is hostile: it
 * gets to what is in the folder and nowhere else, since every step is one name within a folder that
 * is held by its descriptor, links are never followed here, and pipes and devices are never opened.
 *
 * <p>One thread at a time.
 */
final class P9Server {
  /** The most bytes of a message: what Linux asks for at most, and room. */
  private static final int LARGEST_MESSAGE = 1 << 20;

  /** The least: a header and an entry of a listing with a long name. */
  private static final int SMALLEST_MESSAGE = 4096;

  /** The most bytes of a request, but for the data of a write: names, and the text of a link. */
  private static final int LARGEST_REQUEST = 16 << 10;

  /** The most fids that a saved state may name. */
  private static final int MOST_SAVED = 1 << 16;

  private static final int PAGE = 4096;
  private static final byte[] LOST = {0};

  private final SharedFolder folder;
  private final FidTable fids = new FidTable();
  private final Qids qids = new Qids();
  private final NameRequests names;
  private final AttributeRequests attributes;
  private final FileRequests files;
  private final P9Reply reply = new P9Reply();
  private final byte[] request = new byte[LARGEST_REQUEST];
  private int largest = LARGEST_MESSAGE;

  P9Server(SharedFolder folder) {
    this.folder = folder;
    this.names = new NameRequests(folder, fids, qids);
    this.attributes = new AttributeRequests(folder, fids, qids);
    this.files = new FileRequests(folder, fids, qids);
  }

  /** The guest is gone: nothing of it is left. */
  void reset() {
    fids.clear();
    largest = LARGEST_MESSAGE;
  }

  /**
   * Answers a request.
   *
   * @return bytes of the answer, which stands in the chain
   * @throws QueueViolation where there is no room for one
   */
  int answer(DescriptorChain chain) {
    int have = chain.read(0, request, 0, P9Protocol.WRITE_HEADER);
    if (have < P9Protocol.HEADER || chain.writable() < P9Protocol.READ_HEADER) {
      throw new QueueViolation("a 9P request without header, or without room for its answer");
    }
    int type = request[4] & 0xff;
    int tag = request[5] & 0xff | (request[6] & 0xff) << 8;
    try {
      int length = length(chain, type);
      P9Message message = new P9Message(request, Math.min(length, LARGEST_REQUEST));
      if (type == P9Protocol.READ) {
        int count = files.read(message, chain, largest);
        reply.clear().putInt(count);
        return send(chain, P9Protocol.READ_HEADER, count, type + 1, tag);
      }
      reply.clear();
      carryOut(type, message, chain, length);
      if (reply.length() > chain.writable()) {
        throw EntryException.of(Errno.EMSGSIZE);
      }
      return send(chain, reply.length(), 0, type + 1, tag);
    } catch (EntryException e) {
      reply.clear().putInt(e.errno());
      return send(chain, reply.length(), 0, P9Protocol.ERROR + 1, tag);
    }
  }

  private int send(DescriptorChain chain, int own, int further, int type, int tag) {
    chain.write(0, reply.end(own + further, type, tag), 0, own);
    return own + further;
  }

  /** Bytes of the request, which is read but for the data of a write. */
  private int length(DescriptorChain chain, int type) throws EntryException {
    long length = 0;
    for (int i = 0; i < 4; i++) {
      length |= (request[i] & 0xffL) << (8 * i);
    }
    if (length < P9Protocol.HEADER || length > chain.readable()) {
      throw EntryException.of(Errno.EINVAL);
    }
    if (length > largest || type != P9Protocol.WRITE && length > LARGEST_REQUEST) {
      throw EntryException.of(Errno.EMSGSIZE);
    }
    if (type != P9Protocol.WRITE) {
      // The guest may have changed what was read first; from here on this is what it said.
      int at = P9Protocol.HEADER;
      chain.read(at, request, at, (int) length - at);
    }
    return (int) length;
  }

  private void carryOut(int type, P9Message message, DescriptorChain chain, int length)
      throws EntryException {
    switch (type) {
      case P9Protocol.VERSION -> version(message);
      case P9Protocol.ATTACH -> attach(message);
      case P9Protocol.WALK -> names.walk(message, reply);
      case P9Protocol.OPEN -> files.open(message, reply);
      case P9Protocol.CREATE -> files.create(message, reply);
      case P9Protocol.WRITE -> files.write(message, chain, length, reply);
      case P9Protocol.READDIR -> files.list(message, reply, Math.min(largest, chain.writable()));
      case P9Protocol.GETATTR -> attributes.get(message, reply, transfer());
      case P9Protocol.SETATTR -> attributes.set(message);
      case P9Protocol.STATFS -> attributes.fileSystem(message, reply);
      case P9Protocol.READLINK -> attributes.readLink(message, reply);
      case P9Protocol.MKDIR -> names.makeFolder(message, reply);
      case P9Protocol.SYMLINK -> names.makeLink(message, reply);
      case P9Protocol.LINK -> names.addName(message);
      case P9Protocol.RENAME -> names.rename(message);
      case P9Protocol.RENAMEAT -> names.renameAt(message);
      case P9Protocol.UNLINKAT -> names.removeAt(message);
      case P9Protocol.REMOVE -> names.remove(message);
      case P9Protocol.FSYNC -> files.sync(message);
      case P9Protocol.LOCK -> files.lock(message, reply);
      case P9Protocol.GETLOCK -> files.getLock(message, reply);
      case P9Protocol.CLUNK -> fids.remove(message.intField());
      case P9Protocol.FLUSH -> {
        // Requests are answered in turn: the one that is meant has been.
      }
      // Devices, pipes and sockets of the guest's have no business on the host.
      case P9Protocol.MKNOD -> throw EntryException.of(Errno.EPERM);
      default -> throw EntryException.of(Errno.EOPNOTSUPP);
    }
  }

  private void version(P9Message message) throws EntryException {
    long wanted = message.unsignedField();
    byte[] dialect = message.textField();
    if (wanted < SMALLEST_MESSAGE) {
      throw EntryException.of(Errno.EMSGSIZE);
    }
    fids.clear();
    largest = (int) Math.min(wanted, LARGEST_MESSAGE);
    boolean known = Arrays.equals(dialect, P9Protocol.DIALECT);
    reply.putInt(largest).putText(known ? P9Protocol.DIALECT : P9Protocol.UNKNOWN);
  }

  private void attach(P9Message message) throws EntryException {
    int number = message.intField();
    fids.checkFree(number);
    HostEntry root = folder.root().again();
    fids.put(number, Fid.of(root));
    qids.put(reply, root.status());
  }

  /** Bytes of whole pages that a read or write moves at once. */
  private int transfer() {
    return largest - P9Protocol.WRITE_HEADER & -PAGE;
  }

  /** Writes what every fid stands for, by its names. */
  void save(StateWriter out) {
    out.writeInt(largest);
    out.writeInt(fids.all().size());
    for (Map.Entry<Integer, Fid> each : fids.all().entrySet()) {
      Fid fid = each.getValue();
      out.writeInt(each.getKey());
      out.writeBytes(path(fid));
      out.writeBoolean(fid.isOpen());
      out.writeInt(fid.flags());
    }
  }

  private byte[] path(Fid fid) {
    try {
      List<byte[]> steps = names.names(fid.entry());
      byte[] path = new byte[steps.stream().mapToInt(step -> step.length + 1).sum()];
      int at = 0;
      for (byte[] step : steps) {
        System.arraycopy(step, 0, path, at, step.length);
        at += step.length;
        path[at++] = '/';
      }
      return path;
    } catch (EntryException e) {
      return LOST;
    }
  }

  /** Finds again what {@link #save} wrote; what is not there any more stays a fid that is lost. */
  void load(StateReader in) {
    fids.clear();
    largest = in.readInt(SMALLEST_MESSAGE, LARGEST_MESSAGE);
    int count = in.readInt(0, MOST_SAVED);
    for (int i = 0; i < count; i++) {
      int number = in.readInt();
      byte[] path = in.readBytes();
      boolean open = in.readBoolean();
      int flags = in.readInt();
      fids.put(number, find(path, open, flags));
    }
  }

  private Fid find(byte[] path, boolean open, int flags) {
    List<byte[]> steps = new ArrayList<>();
    int from = 0;
    for (int at = 0; at < path.length; at++) {
      if (path[at] == '/') {
        steps.add(Arrays.copyOfRange(path, from, at));
        from = at + 1;
      }
    }
    if (from != path.length) {
      return Fid.lost();
    }
    Fid fid = null;
    try {
      fid = Fid.of(names.reach(steps));
      if (open) {
        files.open(fid, flags & ~HostEntry.TRUNCATE);
      }
      return fid;
    } catch (EntryException e) {
      if (fid != null) {
        fid.close();
      }
      return Fid.lost();
    }
  }
}
