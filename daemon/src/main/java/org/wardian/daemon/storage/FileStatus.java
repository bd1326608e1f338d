package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.Permissions;
import org.wardian.host.EntryException;
import org.wardian.host.EntryStatus;
import org.wardian.host.HostEntry;
import org.wardian.host.HostException;

/** What the host knows of a file, in the terms of documents. */
final class FileStatus {
  private static final int KIND = 0170000;
  private static final int BLOCK_DEVICE = 0060000;
  private static final int PERMISSIONS = 07777;
  private static final int SECTOR = 512;

  private final EntryStatus status;

  private FileStatus(EntryStatus status) {
    this.status = status;
  }

  /**
   * Of a path; a link is followed.
   *
   * @throws IOException where there is nothing, or it may not be looked at
   */
  static FileStatus of(Path path) throws IOException {
    Path real = path.toRealPath();
    Path name = real.getFileName();
    try (HostEntry folder = HostEntry.folder(name == null ? real : real.getParent())) {
      if (name == null) {
        return new FileStatus(folder.status());
      }
      try (HostEntry entry = folder.child(name.toString().getBytes(StandardCharsets.UTF_8))) {
        return new FileStatus(entry.status());
      }
    } catch (EntryException | HostException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  static FileStatus of(HostEntry entry) throws EntryException {
    return new FileStatus(entry.status());
  }

  boolean isFile() {
    return status.file();
  }

  boolean isFolder() {
    return status.folder();
  }

  boolean isBlockDevice() {
    return (status.mode() & KIND) == BLOCK_DEVICE;
  }

  long size() {
    return status.size();
  }

  /** Bytes that it takes on the host. */
  long stored() {
    return status.blocks() * SECTOR;
  }

  Permissions permissions() {
    return new Permissions(
        status.mode() & PERMISSIONS,
        Integer.toUnsignedLong(status.owner()),
        Integer.toUnsignedLong(status.group()),
        null);
  }

  ImageLayer.Timestamps timestamps() {
    return new ImageLayer.Timestamps(
        moment(status.accessed()), moment(status.modified()), moment(status.changed()));
  }

  private static ImageLayer.Moment moment(EntryStatus.Time time) {
    return new ImageLayer.Moment(time.seconds(), time.nanoseconds());
  }
}
