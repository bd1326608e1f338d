package org.wardian.storage.share;

import java.nio.file.Path;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;
import org.wardian.host.HostEntry;
import org.wardian.host.HostException;

/** A folder of the host that a guest is to see, and how. */
public final class SharedFolder implements AutoCloseable {
  private final HostEntry root;
  private final boolean readOnly;
  private final Ownership ownership;
  private final int user;
  private final int group;

  private SharedFolder(HostEntry root, boolean readOnly, Ownership ownership, int user, int group) {
    this.root = root;
    this.readOnly = readOnly;
    this.ownership = ownership;
    this.user = user;
    this.group = group;
  }

  /**
   * Opens a folder.
   *
   * @param readOnly whether the guest may change nothing
   * @throws HostException with the error number: no such folder, no permission, not Linux
   */
  public static SharedFolder open(Path path, boolean readOnly, Ownership ownership) {
    // The process's own folder there belongs to the user who runs it.
    try (HostEntry self = HostEntry.folder(Path.of("/proc/self"))) {
      int user = self.status().owner();
      int group = self.status().group();
      return new SharedFolder(HostEntry.folder(path), readOnly, ownership, user, group);
    } catch (EntryException e) {
      throw HostException.ofCall("statx", "/proc/self", e.errno(), "mount /proc");
    }
  }

  /** The folder itself. */
  public HostEntry root() {
    return root;
  }

  /** Whether the guest may change nothing. */
  public boolean readOnly() {
    return readOnly;
  }

  /**
   * For what would change something.
   *
   * @throws EntryException {@link Errno#EROFS} where nothing may be changed
   */
  public void checkWritable() throws EntryException {
    if (readOnly) {
      throw EntryException.of(Errno.EROFS);
    }
  }

  /** The user that a guest sees in the place of one of the host. */
  public int userInGuest(int owner) {
    return ownership == Ownership.ROOT && owner == user ? 0 : owner;
  }

  /** The group that a guest sees in the place of one of the host. */
  public int groupInGuest(int owner) {
    return ownership == Ownership.ROOT && owner == group ? 0 : owner;
  }

  @Override
  public void close() {
    root.close();
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
