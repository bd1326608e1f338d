package org.wardian.definition.storage;

import java.util.Set;
import java.util.TreeSet;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * A file of a volume: the volume's own, or the one behind it.
 *
 * @param path on the host; null where the pool decides
 * @param format of it; null where nobody says
 * @param permissions whose it is
 * @param timestamps when it was used; null for a file that is not there
 * @param encryption format of its encryption, or null
 * @param compat version of qcow2, {@code 0.10} or {@code 1.1}; null where that has none
 * @param clusterSize bytes; 0 where nothing is said
 * @param features of qcow2; null where it has none to say, which is not an empty set
 * @param nocow whether copy on write of the host's file system is to be turned off
 */
public record ImageLayer(
    String path,
    VolumeFormat format,
    Permissions permissions,
    Timestamps timestamps,
    String encryption,
    String compat,
    long clusterSize,
    Set<String> features,
    boolean nocow) {
  /** The one feature that a document may ask for. */
  public static final String LAZY_REFCOUNTS = "lazy_refcounts";

  private static final String EXTENDED_L2 = "extended_l2";

  /**
   * When a file was last read, written and changed; seconds since 1970 with nanoseconds.
   *
   * @param access {@code atime}
   * @param modification {@code mtime}
   * @param change {@code ctime}
   */
  public record Timestamps(Moment access, Moment modification, Moment change) {}

  /** A moment. */
  public record Moment(long seconds, int nanoseconds) {
    @Override
    public String toString() {
      return nanoseconds == 0
          ? Long.toString(seconds)
          : String.format("%d.%09d", seconds, nanoseconds);
    }
  }

  /** A file of which only path and format are known. */
  public static ImageLayer of(String path, VolumeFormat format) {
    return new ImageLayer(path, format, Permissions.UNSAID, null, null, null, 0, null, false);
  }

  /** What {@code target} of a volume asks for. */
  static ImageLayer target(XmlElement volume, VolumeFormat usual) throws XmlException {
    XmlElement target = volume.child("target");
    if (target == null) {
      return of(null, usual);
    }
    Set<String> features = features(target);
    String compat = target.textAt("compat");
    if (compat != null && compat.indexOf(',') >= 0) {
      throw XmlException.badContent("forbidden characters in 'compat' attribute");
    }
    if (features != null && compat == null) {
      compat = "1.1";
    }
    XmlElement cluster = target.child("clusterSize");
    return new ImageLayer(
        target.textAt("path"),
        format(target, usual),
        Permissions.of(target),
        null,
        encryption(target),
        compat,
        cluster == null ? 0 : ScaledSize.of(cluster),
        features,
        target.child("nocow") != null);
  }

  /** What {@code backingStore} of a volume asks for; null where there is none. */
  static ImageLayer backing(XmlElement volume, VolumeFormat usual) throws XmlException {
    XmlElement backing = volume.child("backingStore");
    String path = backing == null ? null : backing.textAt("path");
    if (path == null || path.isEmpty()) {
      return null;
    }
    return new ImageLayer(
        path,
        format(backing, usual == null ? null : VolumeFormat.RAW),
        Permissions.of(backing),
        null,
        null,
        null,
        0,
        null,
        false);
  }

  private static VolumeFormat format(XmlElement parent, VolumeFormat usual) throws XmlException {
    String format = parent.attributeAt("format", "type");
    if (format == null || usual == null) {
      return usual;
    }
    return VolumeFormat.of(format)
        .filter(known -> known != VolumeFormat.NONE)
        .orElseThrow(() ->
            new XmlException(
                XmlException.Kind.UNSUPPORTED, "unknown volume format type " + format));
  }

  private static String encryption(XmlElement target) throws XmlException {
    XmlElement encryption = target.child("encryption");
    if (encryption == null) {
      return null;
    }
    String format = encryption.attribute("format");
    if (format == null) {
      throw XmlException.badContent("Missing required attribute 'format' in element 'encryption'");
    }
    if (!Set.of("default", "qcow", "luks", "luks2", "librbd", "luks-any").contains(format)) {
      throw new XmlException(
          XmlException.Kind.UNSUPPORTED, "unknown volume encryption format type " + format);
    }
    long secrets =
        encryption.children("secret").stream()
            .filter(secret -> "passphrase".equals(secret.attribute("type")))
            .count();
    if (secrets != 1) {
      throw new XmlException(
          XmlException.Kind.INVALID_ARGUMENT,
          "A single <secret type='passphrase'...> element is expected in encryption description");
    }
    return format;
  }

  private static Set<String> features(XmlElement target) throws XmlException {
    XmlElement element = target.child("features");
    if (element == null) {
      return null;
    }
    Set<String> features = new TreeSet<>();
    for (XmlElement feature : element.children()) {
      if (!feature.name().equals(LAZY_REFCOUNTS) && !feature.name().equals(EXTENDED_L2)) {
        throw new XmlException(
            XmlException.Kind.UNSUPPORTED, "unsupported feature " + feature.name());
      }
      features.add(feature.name());
    }
    return features;
  }

  /** Whether it has or wants a feature. */
  public boolean has(String feature) {
    return features != null && features.contains(feature);
  }

  /** The same at another path. */
  public ImageLayer withPath(String value) {
    return new ImageLayer(
        value, format, permissions, timestamps, encryption, compat, clusterSize, features, nocow);
  }

  /** The same with another owner, mode, times. */
  public ImageLayer withStatus(Permissions status, Timestamps times) {
    return new ImageLayer(
        path, format, status, times, encryption, compat, clusterSize, features, nocow);
  }

  void addTo(XmlElement volume, String name) {
    XmlElement element = volume.append(name);
    if (path != null) {
      element.append("path").text(path);
    }
    if (format != null) {
      element.append("format").set("type", format.text());
    }
    permissions.addTo(element);
    if (timestamps != null) {
      XmlElement times = element.append("timestamps");
      times.append("atime").text(timestamps.access().toString());
      times.append("mtime").text(timestamps.modification().toString());
      times.append("ctime").text(timestamps.change().toString());
      // What libvirt writes where the host does not know, which here is always so.
      times.append("btime").text("0");
    }
    if (encryption != null) {
      element.append("encryption").set("format", encryption);
    }
    if (compat != null) {
      element.append("compat").text(compat);
    }
    if (clusterSize > 0) {
      element.append("clusterSize").set("unit", "B").text(Long.toString(clusterSize));
    }
    if (features != null) {
      XmlElement all = element.append("features");
      features.forEach(all::append);
    }
  }
}
