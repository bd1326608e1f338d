package org.wardian.process.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.util.List;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.process.domain.BlockNodes;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.WriteWatch;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.operation.ImageInfo;
import org.wardian.storage.qcow2.Qcow2Image;

/** What queries tell of images (QEMU, qapi/block-core.json, BlockDeviceInfo). */
final class NodeReplies {
  private final BlockNodes nodes;

  NodeReplies(BlockNodes nodes) {
    this.nodes = nodes;
  }

  /** An image with all beneath it. */
  ObjectNode of(ImageNode node) {
    List<ImageNode> chain = BlockNodes.chain(node);
    ObjectNode row = head(nodes.name(node), node.format().text(), node, node.path().toString());
    row.put("write_threshold", threshold(node.diskWatch()));
    cache(row, node.options().flushed());
    row.put("backing_file_depth", chain.size() - 1);
    if (chain.size() > 1) {
      row.put("backing_file", chain.get(1).path().toString());
    }
    bitmaps(row, node);
    ObjectNode at = row.putObject("image");
    for (int i = 0; i < chain.size(); i++) {
      image(at, chain.get(i));
      if (i + 1 < chain.size()) {
        ImageNode below = chain.get(i + 1);
        at.put("backing-filename", backingName(chain.get(i), below))
            .put("full-backing-filename", below.path().toString())
            .put("backing-filename-format", below.format().text());
        at = at.putObject("backing-image");
      }
    }
    return row;
  }

  private static long threshold(WriteWatch watch) {
    return watch.threshold() == Long.MAX_VALUE ? 0 : watch.threshold();
  }

  private static ObjectNode head(String name, String driver, BlockImage image, String file) {
    return Replies.object()
        .put("detect_zeroes", "off")
        .put("ro", !image.writable())
        .put("node-name", name)
        .put("drv", driver)
        .put("write_threshold", 0)
        .put("encrypted", false)
        .put("file", file)
        .put("bps", 0)
        .put("bps_rd", 0)
        .put("bps_wr", 0)
        .put("iops", 0)
        .put("iops_rd", 0)
        .put("iops_wr", 0);
  }

  private static void cache(ObjectNode row, boolean flushed) {
    row.putObject("cache").put("no-flush", !flushed).put("direct", false).put("writeback", true);
  }

  private static String backingName(ImageNode above, ImageNode below) {
    String recorded = above.image() instanceof Qcow2Image qcow2 ? qcow2.backingName() : null;
    return recorded == null ? below.path().toString() : recorded;
  }

  private static void image(ObjectNode at, ImageNode node) {
    at.put("filename", node.path().toString())
        .put("format", node.format().text())
        .put("virtual-size", node.length())
        .put("dirty-flag", false);
    if (!local(node)) {
      return; // A server's: how much room it takes is its own.
    }
    if (node.image() instanceof Qcow2Image qcow2) {
      at.put("cluster-size", qcow2.clusterSize());
    }
    try {
      OpenOptions options = OpenOptions.readOnly().withLocked(false).withFormat(node.format());
      at.put("actual-size", ImageInfo.of(node.path(), options).stored());
    } catch (IOException e) {
      // It is just being written, or has lost its name: its room is not known.
    }
  }

  private static void bitmaps(ObjectNode row, ImageNode node) {
    List<DirtyBitmap> all;
    try {
      if (node.dirtyBitmaps().isEmpty()) {
        return;
      }
      all = node.dirtyBitmaps().get().list();
    } catch (IOException e) {
      return; // The image tells when it is used.
    }
    if (all.isEmpty()) {
      return;
    }
    ArrayNode list = row.putArray("dirty-bitmaps");
    for (DirtyBitmap bitmap : all) {
      ObjectNode entry =
          list.addObject()
              .put("name", bitmap.name())
              .put("recording", bitmap.recording())
              .put("persistent", bitmap.persistent())
              .put("busy", bitmap.busy())
              .put("granularity", bitmap.bits().granularity())
              .put("count", bitmap.kept().count());
      if (bitmap.inconsistent()) {
        entry.put("inconsistent", true);
      }
    }
  }

  /** The file that an image lies in. */
  ObjectNode file(ImageNode node) {
    String path = node.path().toString();
    ObjectNode row = head(nodes.storageName(node), "file", node, path);
    row.put("write_threshold", threshold(node.fileWatch()));
    cache(row, node.options().flushed());
    row.put("backing_file_depth", 0);
    ObjectNode image = row.putObject("image").put("filename", path).put("format", "file");
    image.put("virtual-size", size(node));
    image.put("dirty-flag", false);
    return row;
  }

  private static boolean local(ImageNode node) {
    return node.path().getFileSystem().equals(FileSystems.getDefault());
  }

  private static long size(ImageNode node) {
    try {
      return local(node) ? Files.size(node.path()) : node.length();
    } catch (IOException e) {
      return 0; // It has lost its name.
    }
  }

  /** An image whose changes are thrown away. */
  static ObjectNode thrownAway(DiskRequest medium, BlockImage image, String name) {
    String format = medium.format().map(known -> known.text()).orElse("raw");
    String path = medium.image().toString();
    ObjectNode row = head(name, format, image, path);
    cache(row, false);
    row.put("backing_file_depth", 0);
    row.putObject("image")
        .put("filename", path)
        .put("format", format)
        .put("virtual-size", image.length())
        .put("dirty-flag", false);
    return row;
  }
}
