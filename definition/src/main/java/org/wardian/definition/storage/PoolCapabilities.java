package org.wardian.definition.storage;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** The document {@code storagepoolCapabilities}: which kinds of pools there are here. */
public final class PoolCapabilities {
  private static final List<String> DISK_FORMATS =
      List.of(
          "none", "linux", "fat16", "fat32", "linux-swap", "linux-lvm", "linux-raid", "extended");

  private PoolCapabilities() {}

  /** The document. */
  public static String document(Set<PoolType> supported) {
    XmlElement root = new XmlElement("storagepoolCapabilities");
    for (PoolType type : PoolType.values()) {
      XmlElement pool =
          root.append("pool")
              .set("type", type.text())
              .set("supported", supported.contains(type) ? "yes" : "no");
      if (type.defaultSourceFormat() != null) {
        XmlElement options = pool.append("poolOptions");
        options.append("defaultFormat").set("type", type.defaultSourceFormat());
        values(options, "sourceFormatType", type.sourceFormats());
      }
      if (type.hasFiles()) {
        volumes(pool, "raw", Arrays.stream(VolumeFormat.values()).map(VolumeFormat::text).toList());
      } else if (type == PoolType.DISK) {
        volumes(pool, "none", DISK_FORMATS);
      } else if (type == PoolType.RBD) {
        volumes(pool, "raw", List.of());
      }
    }
    return root.toString()
        .replaceAll("(?m)^(  <pool [^\n]*)/>$", "$1>\n  </pool>")
        .replaceAll("(?m)^(      <enum [^\n]*)/>$", "$1>\n      </enum>");
  }

  private static void volumes(XmlElement pool, String usual, List<String> formats) {
    XmlElement options = pool.append("volOptions");
    options.append("defaultFormat").set("type", usual);
    values(options, "targetFormatType", formats);
  }

  private static void values(XmlElement parent, String name, List<String> values) {
    XmlElement all = parent.append("enum").set("name", name);
    values.forEach(value -> all.append("value").text(value));
  }
}
