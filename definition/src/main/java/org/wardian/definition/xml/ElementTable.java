package org.wardian.definition.xml;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The elements of one kind of document as a table: which attributes and elements each may have, in
 * which order they are written, and what their values may be. The form of a table is said at the
 * head of {@code domain.elements}.
 */
public final class ElementTable {
  private record Child(String name, String kind, boolean isMany, boolean isPruned) {}

  private record Row(
      boolean isAny, boolean hasText, List<AttributeRule> attributes, List<Child> children) {}

  private static final Row LEAF = new Row(false, true, List.of(), List.of());

  private final Map<String, Row> rows = new HashMap<>();
  private final String root;

  private ElementTable(String root) {
    this.root = root;
  }

  /**
   * Reads a table.
   *
   * @param table the text, which is closed; a resource
   * @param root the name, and kind, of the document's root
   */
  public static ElementTable read(InputStream table, String root) {
    ElementTable result = new ElementTable(root);
    List<String[]> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8))) {
      reader
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .forEach(line -> lines.add(line.split("\\|", -1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String[] columns : lines) {
      result.rows.put(columns[0].strip(), row(columns));
    }
    for (String[] columns : lines) {
      result.rows.computeIfPresent(columns[0].strip(), (kind, row) -> result.resolved(kind, row));
    }
    return result;
  }

  private static Row row(String[] columns) {
    if (columns.length != 3) {
      throw new IllegalArgumentException("a row has three columns: " + String.join("|", columns));
    }
    if (columns[1].strip().equals("*")) {
      return new Row(true, true, List.of(), List.of());
    }
    List<AttributeRule> attributes = words(columns[1]).stream().map(AttributeRule::of).toList();
    List<Child> children = new ArrayList<>();
    boolean hasText = words(columns[2]).isEmpty();
    for (String word : words(columns[2].replace("@device", "alias master rom acpi address"))) {
      if (word.equals("#text")) {
        hasText = true;
        continue;
      }
      boolean isMany = word.contains("*");
      boolean isPruned = word.contains("?");
      // "qemu:commandline:any" has a prefix, "size:unit" has none: a kind follows the last colon.
      String plain = word.replace("*", "").replace("?", "");
      int colon = plain.startsWith("qemu:") ? plain.lastIndexOf(':') : plain.indexOf(':');
      children.add(
          new Child(
              colon < 0 ? plain : plain.substring(0, colon),
              colon < 0 ? null : plain.substring(colon + 1),
              isMany,
              isPruned));
    }
    return new Row(false, hasText, attributes, List.copyOf(children));
  }

  private static List<String> words(String column) {
    return column.isBlank() ? List.of() : List.of(column.strip().split("\\s+"));
  }

  private Row resolved(String kind, Row row) {
    List<Child> children =
        row.children.stream()
            .map(child -> new Child(child.name, kind(kind, child), child.isMany, child.isPruned))
            .toList();
    return new Row(row.isAny, row.hasText, row.attributes, children);
  }

  private String kind(String parent, Child child) {
    if (child.kind != null) {
      if (!rows.containsKey(child.kind)) {
        throw new IllegalArgumentException("no row for the kind " + child.kind);
      }
      return child.kind;
    }
    String own = parent + "." + child.name;
    return rows.containsKey(own) ? own : child.name;
  }

  /** Drops what is unknown from a document, and puts the rest in order. */
  public void arrange(XmlElement document) {
    arrange(document, rows.get(root));
  }

  /** The same for an element of a kind, such as {@code disk}. */
  public void arrange(XmlElement element, String kind) {
    arrange(element, rows.getOrDefault(kind, LEAF));
  }

  private void arrange(XmlElement element, Row row) {
    if (row.isAny) {
      return;
    }
    if (!element.attributes().isEmpty()) {
      Map<String, String> kept = new LinkedHashMap<>();
      for (AttributeRule rule : row.attributes) {
        String value = element.attribute(rule.name());
        if (value != null) {
          kept.put(rule.name(), value);
        }
      }
      element.replaceAttributes(kept);
    }
    if (!element.children().isEmpty()) {
      Map<String, List<XmlElement>> byName = new HashMap<>();
      for (XmlElement child : element.children()) {
        byName.computeIfAbsent(child.name(), name -> new ArrayList<>()).add(child);
      }
      List<XmlElement> kept = new ArrayList<>(element.children().size());
      for (Child rule : row.children) {
        List<XmlElement> found = byName.getOrDefault(rule.name, List.of());
        for (XmlElement child : rule.isMany || found.isEmpty() ? found : found.subList(0, 1)) {
          arrange(child, rows.getOrDefault(rule.kind, LEAF));
          if (!rule.isPruned || !isEmpty(child)) {
            kept.add(child);
          }
        }
      }
      element.replaceChildren(kept);
    }
    if (!row.hasText) {
      element.text("");
    }
  }

  private static boolean isEmpty(XmlElement element) {
    return element.attributes().isEmpty()
        && element.children().isEmpty()
        && element.text().isEmpty();
  }

  /**
   * Looks at the values of a document that {@link #arrange} has put in order, and writes numbers in
   * their plain form.
   *
   * @throws XmlException at the first that is missing or wrong
   */
  public void check(XmlElement document) throws XmlException {
    check(document, rows.get(root));
  }

  /** The same for an element of a kind. */
  public void check(XmlElement element, String kind) throws XmlException {
    check(element, rows.getOrDefault(kind, LEAF));
  }

  private void check(XmlElement element, Row row) throws XmlException {
    if (row.isAny) {
      return;
    }
    for (AttributeRule rule : row.attributes) {
      Optional<String> plain = rule.check(element);
      if (plain.isPresent()) {
        element.set(rule.name(), plain.get());
      }
    }
    // Children are in the order of the row, so one walk through both finds each its rule.
    int at = 0;
    for (XmlElement child : element.children()) {
      while (at < row.children.size() && !row.children.get(at).name.equals(child.name())) {
        at++;
      }
      if (at == row.children.size()) {
        return;
      }
      check(child, rows.getOrDefault(row.children.get(at).kind, LEAF));
    }
  }
}
