package org.wardian.virtio.p9;

import java.util.HashMap;
import java.util.Map;
import org.wardian.host.EntryStatus;

/**
 * Qids: what a file is, by the number that it has for ever ({@code intro(5)}). Files of other file
 * systems below the folder have numbers of their own.
 */
final class Qids {
  /** The most file systems that are told apart; a guest cannot make more. */
  private static final int MOST = 1 << 12;

  /** Odd, and without pattern: the golden ratio in 64 bits. */
  private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

  private final Map<Long, Integer> fileSystems = new HashMap<>();

  /** The first one asked about is the folder's own, whose inodes are shown as they are. */
  long path(EntryStatus status) {
    Integer number = fileSystems.get(status.device());
    if (number == null) {
      number = fileSystems.size();
      if (number < MOST) {
        fileSystems.put(status.device(), number);
      }
    }
    return status.inode() ^ number * SPREAD;
  }

  void put(P9Reply reply, EntryStatus status) {
    reply.putByte(kind(status.folder(), status.link()));
    // Another number for each state of the content.
    reply.putInt(
        (int) (status.modified().seconds() ^ status.modified().nanoseconds() ^ status.size() << 8));
    reply.putLong(path(status));
  }

  static int kind(boolean folder, boolean link) {
    return folder ? P9Protocol.QID_FOLDER : link ? P9Protocol.QID_LINK : 0;
  }
}
