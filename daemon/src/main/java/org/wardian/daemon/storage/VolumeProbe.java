package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.Permissions;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeDefinition.Kind;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.storage.FileStore;
import org.wardian.storage.qcow2.Qcow2Details;

/**
 * Tells what a file of a pool is: its status, and what the beginning of its content says, as
 * libvirt's {@code virStorageSourceGetMetadata} looks at it. Never more than the headers are read.
 */
final class VolumeProbe {
  /** Bytes of the beginning that are looked at: behind the mark of ISO 9660. */
  private static final int HEAD = 0x8200;

  private static final int SECTOR = 512;
  private static final int VMDK_CAPACITY_AT = 12;
  private static final int VDI_CAPACITY_AT = 368;
  private static final int VPC_CAPACITY_AT = 40;
  private static final int QCOW_CAPACITY_AT = 24;
  private static final int QED_CAPACITY_AT = 48;
  private static final int PLOOP_CAPACITY_AT = 36;
  private static final int ISO_MARK_AT = 32_769;
  private static final int ENCRYPTION_AT = 32;

  private VolumeProbe() {}

  /** What the content says; a null {@code backing} where it names none. */
  private record Content(
      VolumeFormat format,
      long capacity,
      Qcow2Details qcow2,
      String encryption,
      String backing,
      VolumeFormat backingFormat) {
    static Content plain(VolumeFormat format, long capacity) {
      return new Content(format, capacity, null, null, null, null);
    }
  }

  /**
   * The volume that a file is; null for one that is none: a pipe, a socket.
   *
   * @throws IOException where it cannot be looked at
   */
  static VolumeDefinition volume(Path path, String name) throws IOException {
    FileStatus status = FileStatus.of(path);
    if (status.isFolder()) {
      ImageLayer layer =
          ImageLayer.of(path.toString(), VolumeFormat.DIR)
              .withStatus(status.permissions(), status.timestamps());
      return new VolumeDefinition(Kind.DIR, name, path.toString(), 0, 0, 0, layer, null);
    }
    if (!status.isFile() && !status.isBlockDevice()) {
      return null;
    }
    try (FileStore file = FileStore.open(path, false, false)) {
      Content content = content(file);
      long size = status.isFile() ? status.size() : file.size();
      return new VolumeDefinition(
          status.isFile() ? Kind.FILE : Kind.BLOCK,
          name,
          path.toString(),
          content.capacity() >= 0 ? content.capacity() : size,
          status.isFile() ? status.stored() : size,
          size,
          layer(path.toString(), content).withStatus(status.permissions(), status.timestamps()),
          backing(path, content));
    }
  }

  /** The format of a file by its content. */
  static VolumeFormat format(Path path) throws IOException {
    try (FileStore file = FileStore.open(path, false, false)) {
      return content(file).format();
    }
  }

  private static ImageLayer layer(String path, Content content) {
    Qcow2Details qcow2 = content.qcow2();
    Set<String> features = null;
    if (qcow2 != null && qcow2.version() >= 3) {
      features = new TreeSet<>();
      if (qcow2.lazyRefcounts()) {
        features.add(ImageLayer.LAZY_REFCOUNTS);
      }
      if (qcow2.extendedL2()) {
        features.add("extended_l2");
      }
    }
    return new ImageLayer(
        path,
        content.format(),
        Permissions.UNSAID,
        null,
        content.encryption(),
        features == null ? null : "1.1",
        qcow2 == null ? 0 : qcow2.clusterSize(),
        features,
        false);
  }

  private static Content content(FileStore file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    file.read(0, head);
    head.flip();
    if (starts(head, 0, "QFI\u00fb")) {
      return qcow(file, head);
    }
    long size = file.size();
    if (starts(head, 0, "LUKS\u00ba\u00be")) {
      int sectors = big(head, 104) > 0 ? big(head, 104) : 4096;
      long payload = Math.max(0, size - (long) sectors * SECTOR);
      return new Content(VolumeFormat.RAW, payload, null, "luks", null, null);
    }
    if (starts(head, 0, "KDMV") && little(head, 4) >= 1 && little(head, 4) <= 3) {
      return Content.plain(
          VolumeFormat.VMDK,
          capacity(longAt(head, VMDK_CAPACITY_AT, ByteOrder.LITTLE_ENDIAN), SECTOR));
    }
    if (little(head, 64) == 0xbeda107f && little(head, 68) == 0x00010001) {
      return Content.plain(
          VolumeFormat.VDI, capacity(longAt(head, VDI_CAPACITY_AT, ByteOrder.LITTLE_ENDIAN), 1));
    }
    if (starts(head, 0, "conectix") && big(head, 12) == 0x10000) {
      return Content.plain(
          VolumeFormat.VPC, capacity(longAt(head, VPC_CAPACITY_AT, ByteOrder.BIG_ENDIAN), 1));
    }
    if (starts(head, 0, "QED\0")) {
      return Content.plain(
          VolumeFormat.QED, capacity(longAt(head, QED_CAPACITY_AT, ByteOrder.LITTLE_ENDIAN), 1));
    }
    if (starts(head, 0, "WithouFreSpacExt") || starts(head, 0, "WithoutFreeSpace")) {
      return Content.plain(
          VolumeFormat.PLOOP,
          capacity(longAt(head, PLOOP_CAPACITY_AT, ByteOrder.LITTLE_ENDIAN), SECTOR));
    }
    if (starts(head, 0, "OOOM") && big(head, 4) == 2) {
      return Content.plain(VolumeFormat.COW, capacity(longAt(head, 1036, ByteOrder.BIG_ENDIAN), 1));
    }
    if (starts(head, 0, "Bochs Virtual HD Image")) {
      return Content.plain(VolumeFormat.BOCHS, -1);
    }
    if (starts(head, 0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop")) {
      return Content.plain(VolumeFormat.CLOOP, -1);
    }
    return Content.plain(
        starts(head, ISO_MARK_AT, "CD001") ? VolumeFormat.ISO : VolumeFormat.RAW, -1);
  }

  private static Content qcow(FileStore file, ByteBuffer head) {
    int version = big(head, 4);
    if (version == 1) {
      return Content.plain(
          VolumeFormat.QCOW, capacity(longAt(head, QCOW_CAPACITY_AT, ByteOrder.BIG_ENDIAN), 1));
    }
    if (version != 2 && version != 3) {
      return Content.plain(VolumeFormat.RAW, -1);
    }
    int method = big(head, ENCRYPTION_AT);
    String encryption = method == 1 ? "default" : method == 2 ? "luks" : null;
    try {
      Qcow2Details details = Qcow2Details.of(file);
      return new Content(
          VolumeFormat.QCOW2,
          details.size(),
          details,
          encryption,
          details.backing(),
          details.backingFormat() == null
              ? null
              : VolumeFormat.of(details.backingFormat()).orElse(null));
    } catch (IOException damaged) {
      // It stays in the list, so that a person sees it and can delete it.
      return new Content(
          VolumeFormat.QCOW2,
          capacity(longAt(head, QCOW_CAPACITY_AT, ByteOrder.BIG_ENDIAN), 1),
          null,
          encryption,
          null,
          null);
    }
  }

  /** The file behind one, as the image names it; what of it cannot be had is left out. */
  private static ImageLayer backing(Path path, Content content) {
    String name = content.backing();
    if (name == null || name.isEmpty()) {
      return null;
    }
    try {
      Path file = path.resolveSibling(name.startsWith("file:") ? name.substring(5) : name);
      if (Files.isRegularFile(file)) {
        FileStatus status = FileStatus.of(file);
        VolumeFormat format =
            content.backingFormat() != null ? content.backingFormat() : format(file);
        return ImageLayer.of(file.toString(), format)
            .withStatus(status.permissions(), status.timestamps());
      }
      if (!name.contains(":")) {
        return ImageLayer.of(file.toString(), content.backingFormat());
      }
    } catch (IOException | InvalidPathException unreachable) {
      // Its name is still worth something.
    }
    return ImageLayer.of(name, content.backingFormat());
  }

  private static long capacity(long units, int unit) {
    return units < 0 || units > Long.MAX_VALUE / unit ? -1 : units * unit;
  }

  private static boolean starts(ByteBuffer head, int at, String mark) {
    byte[] bytes = mark.getBytes(StandardCharsets.ISO_8859_1);
    if (head.limit() < at + bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (head.get(at + i) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** A word of a header; 0 behind its end. */
  private static int big(ByteBuffer head, int at) {
    return head.limit() < at + 4 ? 0 : head.order(ByteOrder.BIG_ENDIAN).getInt(at);
  }

  private static int little(ByteBuffer head, int at) {
    return Integer.reverseBytes(big(head, at));
  }

  private static long longAt(ByteBuffer head, int at, ByteOrder order) {
    return head.limit() < at + 8 ? -1 : head.order(order).getLong(at);
  }
}
