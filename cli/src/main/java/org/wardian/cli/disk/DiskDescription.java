package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.wardian.cli.Json;
import org.wardian.storage.FileStore;
import org.wardian.storage.imports.ImportedImage;
import org.wardian.storage.operation.ImageInfo;
import org.wardian.storage.qcow2.Qcow2Details;

/** What {@code ward disk info} tells of one image, as a tree and as lines. */
final class DiskDescription {
  private static final Set<String> BYTES =
      Set.of("virtualSize", "diskSize", "blockSize", "grainSize", "clusterSize");

  private DiskDescription() {}

  /** A raw or qcow2 image. */
  static ObjectNode tree(ImageInfo image) {
    ObjectNode node = Json.object();
    node.put("file", image.path().toString());
    node.put("format", image.format().text());
    node.put("virtualSize", image.size());
    node.put("diskSize", image.stored());
    if (image.qcow2() != null) {
      describe(image.qcow2(), node);
    }
    if (image.backing() != null) {
      node.put("fullBackingFile", image.backing().toString());
    }
    if (!image.snapshots().isEmpty()) {
      ArrayNode list = node.putArray("snapshots");
      image.snapshots().forEach(each -> list.add(SnapshotTable.tree(each)));
    }
    if (!image.bitmaps().isEmpty()) {
      ArrayNode list = node.putArray("bitmaps");
      image
          .bitmaps()
          .forEach(each ->
              list.addObject()
                  .put("name", each.name())
                  .put("granularity", each.granularity())
                  .put("enabled", each.enabled())
                  .put("inconsistent", each.inconsistent()));
    }
    return node;
  }

  private static void describe(Qcow2Details details, ObjectNode node) {
    node.put("version", details.version());
    node.put("clusterSize", details.clusterSize());
    node.put("compression", details.compression().name().toLowerCase(Locale.ROOT));
    node.put("refcountBits", details.refcountBits());
    node.put("lazyRefcounts", details.lazyRefcounts());
    node.put("extendedL2", details.extendedL2());
    node.put("dirty", details.dirty());
    node.put("corrupt", details.corrupt());
    if (details.dataFile() != null) {
      node.put("dataFile", details.dataFile());
      node.put("rawDataFile", details.rawDataFile());
    }
    if (details.backing() != null) {
      node.put("backingFile", details.backing());
      node.put("backingFormat", details.backingFormat());
    }
  }

  /** An image of another virtual machine. */
  static ObjectNode tree(ImportedImage image) throws IOException {
    List<String> files = image.files();
    ObjectNode node = Json.object();
    node.put("file", files.getFirst());
    node.put("format", image.format().text());
    node.put("subformat", image.subformat());
    node.put("virtualSize", image.length());
    node.put("diskSize", stored(files));
    image.details().forEach((name, value) -> put(node, camel(name), value));
    if (files.size() > 1) {
      ArrayNode list = node.putArray("files");
      files.forEach(list::add);
    }
    return node;
  }

  private static void put(ObjectNode node, String key, String value) {
    if (value.matches("\\d{1,18}") && !key.endsWith("Id")) {
      node.put(key, Long.parseLong(value));
    } else {
      node.put(key, value);
    }
  }

  /** Bytes of the host that files take: their holes take none. */
  private static long stored(List<String> files) throws IOException {
    long bytes = 0;
    for (String each : files) {
      Path path = Path.of(each);
      if (Files.isRegularFile(path)) {
        try (FileStore file = FileStore.open(path, false, false)) {
          long size = file.size();
          for (long at = file.nextData(0); at < size; ) {
            long hole = Math.max(at + 1, file.nextHole(at));
            bytes += Math.min(hole, size) - at;
            at = hole < size ? file.nextData(hole) : size;
          }
        }
      }
    }
    return bytes;
  }

  /** {@code content id} as {@code contentId}. */
  private static String camel(String name) {
    StringBuilder camel = new StringBuilder();
    for (String word : name.split(" ")) {
      camel.append(
          camel.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return camel.toString();
  }

  /** A tree as lines, one a property. */
  static void print(PrintWriter out, JsonNode tree) {
    for (Map.Entry<String, JsonNode> each : tree.properties()) {
      JsonNode value = each.getValue();
      String label = words(each.getKey());
      if (each.getKey().equals("snapshots")) {
        out.println(label + ":");
        SnapshotTable.print(out, value);
      } else if (value.isArray()) {
        out.println(label + ":");
        value.forEach(item -> out.println("  " + line(item)));
      } else if (BYTES.contains(each.getKey())) {
        String text = DiskSize.text(value.asLong());
        boolean exact = text.endsWith("bytes");
        out.println(label + ": " + text + (exact ? "" : " (" + value.asLong() + " bytes)"));
      } else {
        out.println(label + ": " + line(value));
      }
    }
  }

  private static String words(String key) {
    return key.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }

  private static String line(JsonNode value) {
    if (value.isBoolean()) {
      return value.asBoolean() ? "yes" : "no";
    }
    if (!value.isObject()) {
      return value.asText();
    }
    StringBuilder line = new StringBuilder();
    for (Map.Entry<String, JsonNode> each : value.properties()) {
      line.append(line.isEmpty() ? "" : ", ");
      line.append(words(each.getKey())).append(' ').append(line(each.getValue()));
    }
    return line.toString();
  }
}
