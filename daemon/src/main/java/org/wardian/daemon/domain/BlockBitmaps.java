package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The bitmaps in which changes since checkpoints are noted. They belong to images: where a disk
 * goes on with another image they are taken along.
 */
final class BlockBitmaps {
  /** A bitmap in which others are put together for a moment. */
  private static final String SUM = "libvirt-tmp-size-xml";

  private BlockBitmaps() {}

  /** An action that adds a bitmap to a node. */
  static ObjectNode add(
      String node, String name, boolean kept, boolean disabled, long granularity) {
    ObjectNode data =
        Machine.arguments()
            .put("node", node)
            .put("name", name)
            .put("persistent", kept)
            .put("disabled", disabled);
    if (granularity > 0) {
      data.put("granularity", granularity);
    }
    return action("block-dirty-bitmap-add", data);
  }

  /** An action that removes a bitmap. */
  static ObjectNode remove(String node, String name) {
    return action(
        "block-dirty-bitmap-remove", Machine.arguments().put("node", node).put("name", name));
  }

  /** An action that adds to a bitmap what is in others of one name. */
  static ObjectNode merge(String node, String target, List<String> from, String name) {
    ObjectNode data = Machine.arguments().put("node", node).put("target", target);
    ArrayNode bitmaps = data.putArray("bitmaps");
    from.forEach(one -> bitmaps.addObject().put("node", one).put("name", name));
    return action("block-dirty-bitmap-merge", data);
  }

  /** An action of a transaction. */
  static ObjectNode action(String type, ObjectNode data) {
    ObjectNode action = Machine.arguments().put("type", type);
    action.set("data", data);
    return action;
  }

  /** Does several things at one moment, or none of them. */
  static void transaction(Machine machine, List<ObjectNode> actions) throws LibvirtException {
    if (!actions.isEmpty()) {
      ObjectNode arguments = Machine.arguments();
      arguments.putArray("actions").addAll(actions);
      machine.executeSlowly("transaction", arguments);
    }
  }

  /** The nodes in which a checkpoint's changes are, and how much a bit of them stands for. */
  record Source(List<String> nodes, long granularity) {}

  /**
   * Where the changes of a disk since a checkpoint are; empty where that is not known: the bitmap
   * is missing or broken.
   */
  static Optional<Source> source(
      Map<String, JsonNode> nodes, List<DiskChain.Image> images, String name)
      throws LibvirtException {
    List<String> found = new ArrayList<>();
    long granularity = 0;
    boolean ended = false;
    for (DiskChain.Image image : images) {
      String node = DiskNodes.of(image);
      Optional<JsonNode> bitmap = DiskNodes.bitmap(nodes, node, name);
      if (bitmap.isEmpty()) {
        ended = true;
        continue;
      }
      if (ended || bitmap.get().path("inconsistent").asBoolean()) {
        return Optional.empty();
      }
      found.add(node);
      granularity = Math.max(granularity, bitmap.get().path("granularity").asLong());
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(new Source(found, granularity));
  }

  /** How many bytes were changed since a checkpoint; empty where that is not known. */
  static OptionalLong changedBytes(Machine machine, List<DiskChain.Image> images, String name)
      throws LibvirtException {
    Map<String, JsonNode> nodes = DiskNodes.all(machine);
    Optional<Source> source = source(nodes, images, name);
    if (source.isEmpty()) {
      return OptionalLong.empty();
    }
    String top = DiskNodes.of(images.getFirst());
    if (source.get().nodes().equals(List.of(top))) {
      return count(nodes, top, name);
    }
    transaction(
        machine,
        List.of(
            add(top, SUM, false, true, source.get().granularity()),
            merge(top, SUM, source.get().nodes(), name)));
    try {
      return count(DiskNodes.all(machine), top, SUM);
    } finally {
      transaction(machine, List.of(remove(top, SUM)));
    }
  }

  private static OptionalLong count(Map<String, JsonNode> nodes, String node, String name) {
    return DiskNodes.bitmap(nodes, node, name)
        .map(bitmap -> OptionalLong.of(bitmap.path("count").asLong()))
        .orElse(OptionalLong.empty());
  }

  /** The kept bitmaps of some images: by name the nodes that have it, and its granularity. */
  private static Map<String, Source> kept(Map<String, JsonNode> nodes, List<DiskChain.Image> images)
      throws LibvirtException {
    Map<String, Source> all = new LinkedHashMap<>();
    for (DiskChain.Image image : images) {
      String node = DiskNodes.of(image);
      JsonNode known = nodes.get(node);
      if (known == null) {
        continue;
      }
      for (JsonNode bitmap : known.path("dirty-bitmaps")) {
        if (bitmap.path("persistent").asBoolean() && !bitmap.path("inconsistent").asBoolean()) {
          String name = bitmap.path("name").asText();
          Source before = all.get(name);
          List<String> where = new ArrayList<>(before == null ? List.of() : before.nodes());
          where.add(node);
          long granularity = bitmap.path("granularity").asLong();
          all.put(
              name,
              new Source(
                  where,
                  before == null ? granularity : Math.max(granularity, before.granularity())));
        }
      }
    }
    return all;
  }

  /**
   * Before images go, and another one takes what they have: it gets their bitmaps.
   *
   * @param images that go
   * @param target the node of the other one
   */
  static void take(Machine machine, List<DiskChain.Image> images, String target)
      throws LibvirtException {
    Map<String, JsonNode> nodes = DiskNodes.all(machine);
    List<ObjectNode> actions = new ArrayList<>();
    for (Map.Entry<String, Source> one : kept(nodes, images).entrySet()) {
      String name = one.getKey();
      if (DiskNodes.bitmap(nodes, target, name).isEmpty()) {
        actions.add(add(target, name, true, false, one.getValue().granularity()));
      }
      actions.add(merge(target, name, one.getValue().nodes(), name));
    }
    transaction(machine, actions);
  }

  /** Actions that give an overlay the bitmaps of the image that it is put above. */
  static List<ObjectNode> forOverlay(Machine machine, DiskChain.Image image, String overlay)
      throws LibvirtException {
    List<ObjectNode> actions = new ArrayList<>();
    kept(DiskNodes.all(machine), List.of(image))
        .forEach((name, one) -> actions.add(add(overlay, name, true, false, one.granularity())));
    return actions;
  }
}
