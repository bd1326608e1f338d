package org.wardian.definition.storage;

import java.util.List;
import java.util.Locale;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * What a volume is, or is to be. Immutable.
 *
 * @param kind of thing on the host
 * @param name in its pool
 * @param key what identifies it on its host; null for one that is not there yet
 * @param capacity bytes that it can hold; -1 where a request says nothing
 * @param allocation bytes that it takes; -1 where a request says nothing
 * @param physical bytes of its file; 0 where that means nothing
 * @param target its file
 * @param backing the file behind it, or null
 * @param extents of devices that it is made of; none where it is a file
 */
public record VolumeDefinition(
    Kind kind,
    String name,
    String key,
    long capacity,
    long allocation,
    long physical,
    ImageLayer target,
    ImageLayer backing,
    List<DeviceExtent> extents) {
  /** One that is not made of extents. */
  public VolumeDefinition(
      Kind kind,
      String name,
      String key,
      long capacity,
      long allocation,
      long physical,
      ImageLayer target,
      ImageLayer backing) {
    this(kind, name, key, capacity, allocation, physical, target, backing, List.of());
  }

  /** What a volume is on the host, by libvirt's numbers. */
  public enum Kind {
    /** A file. */
    FILE,
    /** A block device. */
    BLOCK,
    /** A folder. */
    DIR,
    /** Something on a network. */
    NETWORK,
    /** A folder on a network. */
    NETDIR,
    /** A Parallels image. */
    PLOOP;

    /** The name in documents. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** When a request may leave the capacity out. */
  public enum Capacity {
    /** Never. */
    NEEDED,
    /** Where there is a file behind. */
    OF_BACKING,
    /** Always. */
    OPTIONAL
  }

  /**
   * Reads a request for a volume.
   *
   * @param usual the format where none is said; null where volumes have none, whatever is said
   * @throws XmlException what is wrong with it
   */
  public static VolumeDefinition parse(String document, VolumeFormat usual, Capacity capacity)
      throws XmlException {
    XmlElement root = XmlReader.read(document);
    if (!root.name().equals("volume")) {
      throw XmlException.badContent(
          "expecting root element of 'volume', not '" + root.name() + "'");
    }
    String type = root.attribute("type");
    if (type != null && !isKind(type)) {
      throw new XmlException(XmlException.Kind.UNSUPPORTED, "unknown volume type '" + type + "'");
    }
    String name = root.textAt("name");
    if (name == null || name.isEmpty()) {
      throw XmlException.badContent("missing volume name element");
    }
    ImageLayer backing = ImageLayer.backing(root, usual);
    long bytes = size(root, "capacity");
    if (bytes < 0
        && (capacity == Capacity.NEEDED || capacity == Capacity.OF_BACKING && backing == null)) {
      throw XmlException.badContent("missing capacity element");
    }
    return new VolumeDefinition(
        Kind.FILE,
        name,
        null,
        bytes,
        size(root, "allocation"),
        0,
        ImageLayer.target(root, usual),
        backing);
  }

  private static boolean isKind(String text) {
    for (Kind kind : Kind.values()) {
      if (kind.text().equals(text)) {
        return true;
      }
    }
    return false;
  }

  private static long size(XmlElement root, String name) throws XmlException {
    XmlElement element = root.child(name);
    return element == null || element.text().isEmpty() ? -1 : ScaledSize.of(element);
  }

  /** The same with other bytes. */
  public VolumeDefinition withSizes(long newCapacity, long newAllocation, long newPhysical) {
    return new VolumeDefinition(
        kind, name, key, newCapacity, newAllocation, newPhysical, target, backing, extents);
  }

  /** The same at a path, which is its key; what has no format is a device. */
  public VolumeDefinition at(String path) {
    return new VolumeDefinition(
        target.format() == VolumeFormat.DIR
            ? Kind.DIR
            : target.format() == null ? Kind.BLOCK : kind,
        name,
        path,
        capacity,
        allocation,
        physical,
        target.withPath(path),
        backing,
        extents);
  }

  /** The document. */
  public String document() {
    XmlElement volume = new XmlElement("volume").set("type", kind.text());
    volume.append("name").text(name);
    if (key != null) {
      volume.append("key").text(key);
    }
    DeviceExtent.addTo(volume, extents);
    volume.append("capacity").set("unit", "bytes").text(Long.toString(Math.max(0, capacity)));
    volume.append("allocation").set("unit", "bytes").text(Long.toString(Math.max(0, allocation)));
    if (physical > 0) {
      volume.append("physical").set("unit", "bytes").text(Long.toString(physical));
    }
    target.addTo(volume, "target");
    if (backing != null) {
      backing.addTo(volume, "backingStore");
    }
    return volume
        .toString()
        .replaceFirst(
            "(?m)^    <encryption format='([a-z]+)'/>$",
            "    <encryption format='$1'>\n    </encryption>");
  }
}
