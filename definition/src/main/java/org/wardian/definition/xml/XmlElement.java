package org.wardian.definition.xml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * An element with all that it holds, which may be changed. Names are as written, with their prefix;
 * an {@code xmlns} is an attribute like others. An element holds either a text or other elements:
 * white space between elements is not kept.
 */
public final class XmlElement {
  private final String name;
  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final List<XmlElement> children = new ArrayList<>();
  private String text = "";

  /** An empty one. */
  public XmlElement(String name) {
    this.name = name;
  }

  /** Its name with its prefix. */
  public String name() {
    return name;
  }

  /** The text within it; empty where it holds elements, or nothing. */
  public String text() {
    return text;
  }

  /** Sets the text. */
  public XmlElement text(String value) {
    text = value;
    return this;
  }

  /** Its attributes in their order; a view that cannot be changed. */
  public Map<String, String> attributes() {
    return Collections.unmodifiableMap(attributes);
  }

  /** The value of an attribute; null where there is none. */
  public String attribute(String key) {
    return attributes.get(key);
  }

  /** The value of an attribute, or another where there is none. */
  public String attribute(String key, String otherwise) {
    return attributes.getOrDefault(key, otherwise);
  }

  /** Sets an attribute; null removes it. */
  public XmlElement set(String key, String value) {
    if (value == null) {
      attributes.remove(key);
    } else {
      attributes.put(key, value);
    }
    return this;
  }

  /** The same with a number. */
  public XmlElement set(String key, long value) {
    return set(key, Long.toString(value));
  }

  /** Puts other attributes, or the same in another order, in the place of all. */
  public void replaceAttributes(Map<String, String> replacements) {
    Map<String, String> copy = new LinkedHashMap<>(replacements);
    attributes.clear();
    attributes.putAll(copy);
  }

  /** The elements in it; a view that cannot be changed. */
  public List<XmlElement> children() {
    return Collections.unmodifiableList(children);
  }

  /** Those of a name. */
  public List<XmlElement> children(String childName) {
    return children.stream().filter(child -> child.name.equals(childName)).toList();
  }

  /** The first of a name; null where there is none. */
  public XmlElement child(String childName) {
    for (XmlElement child : children) {
      if (child.name.equals(childName)) {
        return child;
      }
    }
    return null;
  }

  /**
   * The first element at a path of names below this one.
   *
   * @param path names with slashes between, such as {@code os/type}
   */
  public Optional<XmlElement> find(String path) {
    XmlElement at = this;
    for (String part : path.split("/")) {
      at = at.child(part);
      if (at == null) {
        return Optional.empty();
      }
    }
    return Optional.of(at);
  }

  /** The text of the first element at a path; null where there is none. */
  public String textAt(String path) {
    return find(path).map(XmlElement::text).orElse(null);
  }

  /** An attribute of the first element at a path; null where there is none. */
  public String attributeAt(String path, String key) {
    return find(path).map(element -> element.attribute(key)).orElse(null);
  }

  /** Adds an element behind the others. */
  public XmlElement add(XmlElement child) {
    children.add(child);
    return this;
  }

  /** Adds an element at a place among the others, from 0. */
  public XmlElement add(int index, XmlElement child) {
    children.add(index, child);
    return this;
  }

  /** Adds an empty element behind the others, and returns the new one. */
  public XmlElement append(String childName) {
    XmlElement child = new XmlElement(childName);
    children.add(child);
    return child;
  }

  /** The first of a name, which is added where there is none. */
  public XmlElement childOrNew(String childName) {
    XmlElement child = child(childName);
    return child == null ? append(childName) : child;
  }

  /** Removes all elements that are such. */
  public boolean removeIf(Predicate<XmlElement> which) {
    return children.removeIf(which);
  }

  /** Removes all elements of a name. */
  public boolean remove(String childName) {
    return removeIf(child -> child.name.equals(childName));
  }

  /** Puts an element in the place of another, which must be there. */
  public void replace(XmlElement old, XmlElement replacement) {
    children.replaceAll(child -> child == old ? replacement : child);
  }

  /** Puts other elements, or the same in another order, in the place of all. */
  public void replaceChildren(List<XmlElement> replacements) {
    List<XmlElement> copy = List.copyOf(replacements);
    children.clear();
    children.addAll(copy);
  }

  /** A copy that shares nothing. */
  public XmlElement copy() {
    XmlElement copy = new XmlElement(name).text(text);
    copy.attributes.putAll(attributes);
    children.forEach(child -> copy.children.add(child.copy()));
    return copy;
  }

  /** As a document, in libvirt's form. */
  @Override
  public String toString() {
    return XmlWriter.write(this);
  }
}
