package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The images that a machine has open, which its commands name after their numbers in its document.
 */
final class DiskNodes {
  private static final System.Logger LOG = System.getLogger(DiskNodes.class.getName());

  private DiskNodes() {}

  /** The node of an image's content. */
  static String format(int index) {
    return "libvirt-" + index + "-format";
  }

  /** The node of an image's file. */
  static String storage(int index) {
    return "libvirt-" + index + "-storage";
  }

  /**
   * The node of an image that is in use.
   *
   * @throws LibvirtException where its document gives it no number
   */
  static String of(DiskChain.Image image) throws LibvirtException {
    OptionalInt index = image.index();
    if (index.isEmpty()) {
      throw Refusal.internal("the image " + image.path().orElse("") + " has no number");
    }
    return format(index.getAsInt());
  }

  /**
   * Opens an image.
   *
   * @param image with its number
   * @param backing the node that is beneath it; null for none, whatever its header says
   * @throws LibvirtException where the machine cannot; nothing is open then
   */
  static void open(Machine machine, DiskChain.Image image, String backing, boolean writable)
      throws LibvirtException {
    int index = image.index().orElseThrow();
    ObjectNode file =
        Machine.arguments()
            .put("driver", image.type().equals("block") ? "host_device" : "file")
            .put("filename", image.path().orElse(""))
            .put("node-name", storage(index))
            .put("auto-read-only", true)
            .put("discard", "unmap");
    machine.execute("blockdev-add", file);
    ObjectNode content =
        Machine.arguments()
            .put("node-name", format(index))
            .put("read-only", !writable)
            .put("driver", image.format())
            .put("file", storage(index));
    if (!image.format().equals("raw")) {
      content.put("backing", backing);
    }
    try {
      machine.execute("blockdev-add", content);
    } catch (LibvirtException e) {
      delete(machine, storage(index));
      throw e;
    }
  }

  /** Closes an image that is not used any more; one that is gone already is no error. */
  static void close(Machine machine, DiskChain.Image image) {
    image
        .index()
        .ifPresent(index -> {
          delete(machine, format(index));
          delete(machine, storage(index));
        });
  }

  private static void delete(Machine machine, String node) {
    try {
      machine.execute("blockdev-del", Machine.arguments().put("node-name", node));
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.DEBUG, () -> node + " is not closed: " + e.getMessage());
    }
  }

  /** All nodes by their names. */
  static Map<String, JsonNode> all(Machine machine) throws LibvirtException {
    Map<String, JsonNode> nodes = new HashMap<>();
    for (JsonNode node :
        machine.execute("query-named-block-nodes", Machine.arguments().put("flat", true))) {
      nodes.put(node.path("node-name").asText(), node);
    }
    return nodes;
  }

  /** A bitmap of a node. */
  static Optional<JsonNode> bitmap(Map<String, JsonNode> nodes, String node, String name) {
    JsonNode found = nodes.get(node);
    if (found != null) {
      for (JsonNode bitmap : found.path("dirty-bitmaps")) {
        if (bitmap.path("name").asText().equals(name)) {
          return Optional.of(bitmap);
        }
      }
    }
    return Optional.empty();
  }
}
