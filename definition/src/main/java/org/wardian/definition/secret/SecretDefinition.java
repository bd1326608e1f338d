package org.wardian.definition.secret;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * What a secret is for; never its value. Immutable.
 *
 * @param uuid unique on its host
 * @param ephemeral whether it is kept in memory only
 * @param isPrivate whether no client may read its value
 * @param description words of a person, or null
 * @param usage what kind of thing it is for
 * @param usageId which of them, unique within its kind; empty for {@link Usage#NONE}
 */
public record SecretDefinition(
    UUID uuid,
    boolean ephemeral,
    boolean isPrivate,
    String description,
    Usage usage,
    String usageId) {
  /** What kind of thing a secret is for, by libvirt's numbers. */
  public enum Usage {
    /** Nothing in particular. */
    NONE("", ""),
    /** An encrypted volume. */
    VOLUME("volume", "volume usage specified, but volume path is missing"),
    /** A server of Ceph. */
    CEPH("name", "Ceph usage specified, but name is missing"),
    /** A target of iSCSI. */
    ISCSI("target", "iSCSI usage specified, but target is missing"),
    /** A key for TLS. */
    TLS("name", "TLS usage specified, but name is missing"),
    /** State of a virtual TPM. */
    VTPM("name", "vTPM usage specified, but name is missing");

    private final String element;
    private final String missing;

    Usage(String element, String missing) {
      this.element = element;
      this.missing = missing;
    }

    /** The name in documents. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Usage> of(String text) {
      return Arrays.stream(values()).filter(usage -> usage.text().equals(text)).findFirst();
    }
  }

  /**
   * Reads a document; one without a UUID gets a new one.
   *
   * @throws XmlException what is wrong with it
   * @throws XmlException likewise
   */
  public static SecretDefinition parse(String document) throws XmlException {
    XmlElement root = XmlReader.read(document);
    if (!root.name().equals("secret")) {
      throw XmlException.badContent(
          "expecting root element of 'secret', not '" + root.name() + "'");
    }
    return of(root);
  }

  /** The same of an element. */
  public static SecretDefinition of(XmlElement root) throws XmlException {
    boolean ephemeral = yes(root, "ephemeral");
    boolean isPrivate = yes(root, "private");
    UUID uuid = uuid(root.textAt("uuid"));
    String description = root.textAt("description");
    Usage usage = Usage.NONE;
    String usageId = "";
    XmlElement element = root.child("usage");
    if (element != null) {
      usage = usage(element.attribute("type"));
      if (usage != Usage.NONE) {
        usageId = element.textAt(usage.element);
        if (usageId == null || usageId.isEmpty()) {
          throw internal(usage.missing);
        }
      }
    }
    return new SecretDefinition(uuid, ephemeral, isPrivate, description, usage, usageId);
  }

  private static Usage usage(String type) throws XmlException {
    if (type == null) {
      throw XmlException.badContent("unknown secret usage type");
    }
    return Usage.of(type)
        .orElseThrow(() ->
            new XmlException(XmlException.Kind.UNSUPPORTED, "unknown secret usage type " + type));
  }

  private static boolean yes(XmlElement root, String name) throws XmlException {
    String value = root.attribute(name, "no");
    if (!value.equals("yes") && !value.equals("no")) {
      throw XmlException.badContent("invalid value of '" + name + "'");
    }
    return value.equals("yes");
  }

  private static UUID uuid(String text) throws XmlException {
    if (text == null || text.isEmpty()) {
      return UUID.randomUUID();
    }
    String digits = text.strip().replace("-", "");
    if (!digits.matches("[0-9a-fA-F]{32}")) {
      throw internal("malformed uuid element");
    }
    return new UUID(
        Long.parseUnsignedLong(digits.substring(0, 16), 16),
        Long.parseUnsignedLong(digits.substring(16), 16));
  }

  private static XmlException internal(String words) {
    return new XmlException(XmlException.Kind.INTERNAL, words);
  }

  /** The document. */
  public String document() {
    XmlElement secret =
        new XmlElement("secret")
            .set("ephemeral", ephemeral ? "yes" : "no")
            .set("private", isPrivate ? "yes" : "no");
    secret.append("uuid").text(uuid.toString());
    if (description != null && !description.isEmpty()) {
      secret.append("description").text(description);
    }
    if (usage != Usage.NONE) {
      secret.append("usage").set("type", usage.text()).append(usage.element).text(usageId);
    }
    return secret.toString();
  }
}
