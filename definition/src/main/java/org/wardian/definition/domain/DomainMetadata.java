package org.wardian.definition.domain;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.definition.xml.XmlWriter;

/** What others keep in a domain's document: {@code <metadata>}, one element for each namespace. */
public final class DomainMetadata {
  private static final String DECLARATION = "xmlns";

  private final XmlElement domain;

  DomainMetadata(XmlElement domain) {
    this.domain = domain;
  }

  /**
   * The element of a namespace as a document, its names without the prefix and the declaration that
   * {@link #set} gave them; empty where there is none.
   */
  public Optional<String> get(String namespace) {
    XmlElement metadata = domain.child("metadata");
    return metadata == null
        ? Optional.empty()
        : metadata.children().stream()
            .filter(element -> isOf(element, namespace))
            .findFirst()
            .map(element ->
                XmlWriter.writeForeign(bare(element, namespace, Map.of(), true)).stripTrailing());
  }

  /**
   * Puts an element in the place of the one that has its namespace.
   *
   * @param xml a document; names of it and below get the prefix where they have none
   * @param key the prefix for the namespace
   * @throws XmlException where the text is no document
   */
  public void set(String xml, String key, String namespace) throws XmlException {
    XmlElement given = XmlReader.read(xml);
    XmlElement own = named(given, key, namespace, true);
    remove(namespace);
    XmlElement metadata = domain.childOrNew("metadata");
    metadata.add(own);
    DomainForm.TABLE.arrange(domain);
  }

  /** Takes the element of a namespace away; false where there is none. */
  public boolean remove(String namespace) {
    XmlElement metadata = domain.child("metadata");
    if (metadata == null) {
      return false;
    }
    boolean removed = metadata.removeIf(element -> isOf(element, namespace));
    if (metadata.children().isEmpty()) {
      domain.remove("metadata");
    }
    return removed;
  }

  private static XmlElement named(XmlElement given, String key, String namespace, boolean isRoot) {
    int colon = given.name().indexOf(':');
    boolean bare = colon < 0 && given.attribute("xmlns") == null;
    XmlElement own = new XmlElement(bare ? key + ":" + given.name() : given.name());
    if (isRoot) {
      own.set(colon < 0 ? "xmlns:" + key : "xmlns:" + given.name().substring(0, colon), namespace);
    }
    given
        .attributes()
        .forEach((name, value) -> {
          if (own.attribute(name) == null) {
            own.set(name, value);
          }
        });
    own.text(given.text());
    given.children().forEach(child -> own.add(named(child, key, namespace, false)));
    return own;
  }

  /**
   * A copy in which the names of a namespace have no prefix.
   *
   * @param outer what prefixes stand for around the element; "" is the default namespace
   */
  private static XmlElement bare(
      XmlElement element, String namespace, Map<String, String> outer, boolean isRoot) {
    Map<String, String> scope = new HashMap<>(outer);
    element
        .attributes()
        .forEach((name, value) -> {
          if (name.equals(DECLARATION)) {
            scope.put("", value);
          } else if (name.startsWith(DECLARATION + ":")) {
            scope.put(name.substring(DECLARATION.length() + 1), value);
          }
        });
    int colon = element.name().indexOf(':');
    String prefix = colon < 0 ? "" : element.name().substring(0, colon);
    XmlElement copy =
        new XmlElement(
            namespace.equals(scope.get(prefix))
                ? element.name().substring(colon + 1)
                : element.name());
    // An attribute that has the prefix still needs its declaration.
    String dropped =
        isRoot && !hasAttributeOf(element, prefix)
            ? prefix.isEmpty() ? DECLARATION : DECLARATION + ":" + prefix
            : null;
    element
        .attributes()
        .forEach((name, value) -> {
          if (!name.equals(dropped)) {
            copy.set(name, value);
          }
        });
    copy.text(element.text());
    element.children().forEach(child -> copy.add(bare(child, namespace, scope, false)));
    return copy;
  }

  private static boolean hasAttributeOf(XmlElement element, String prefix) {
    return !prefix.isEmpty()
        && (element.attributes().keySet().stream().anyMatch(name -> name.startsWith(prefix + ":"))
            || element.children().stream().anyMatch(child -> hasAttributeOf(child, prefix)));
  }

  private static boolean isOf(XmlElement element, String namespace) {
    int colon = element.name().indexOf(':');
    String declaration =
        colon < 0 ? DECLARATION : DECLARATION + ":" + element.name().substring(0, colon);
    return namespace.equals(element.attribute(declaration));
  }
}
