package org.wardian.definition.filter;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** A network filter in libvirt's form; it cannot be changed. */
public final class FilterDocument {
  private static final List<String> PREFIXES =
      List.of("mac", "vlan", "stp", "arp", "rarp", "ipv4", "ipv6");
  private static final Map<String, Integer> PRIORITIES =
      Map.of("mac", -800, "vlan", -750, "ipv4", -700, "ipv6", -600, "arp", -500, "rarp", -400);
  private static final int LONGEST_CHAIN = 12;
  private static final int MOST_PRIORITY = 1000;
  private static final int RULE_PRIORITY = 500;

  private final XmlElement root;

  private FilterDocument(XmlElement root) {
    this.root = root;
  }

  /**
   * Reads a document.
   *
   * @throws DefinitionException where it is no filter, or one that libvirt refuses
   */
  public static FilterDocument parse(String text) throws DefinitionException {
    try {
      return of(XmlReader.read(text));
    } catch (XmlException e) {
      throw new DefinitionException(e, "(nwfilter_definition)");
    }
  }

  /** The same of a tree, which is not changed. */
  public static FilterDocument of(XmlElement from) throws DefinitionException {
    if (!from.name().equals("filter")) {
      throw DefinitionException.xml(
          "expecting root element of 'filter', not '" + from.name() + "'");
    }
    String name = from.attribute("name", "");
    if (name.isEmpty()) {
      throw DefinitionException.internal("filter has no name");
    }
    if (name.indexOf('/') >= 0) {
      throw DefinitionException.detail("invalid char in name: /");
    }
    XmlElement to = new XmlElement("filter").set("name", name);
    chain(from, to);
    String uuid = from.textAt("uuid");
    if (uuid != null && !uuid.isEmpty()) {
      String digits = uuid.strip().replace("-", "");
      if (!digits.matches("\\p{XDigit}{32}")) {
        throw DefinitionException.xml("malformed uuid element");
      }
      UUID id =
          new UUID(
              Long.parseUnsignedLong(digits.substring(0, 16), 16),
              Long.parseUnsignedLong(digits.substring(16), 16));
      to.append("uuid").text(id.toString());
    }
    for (XmlElement child : from.children()) {
      if (child.name().equals("rule")) {
        to.add(rule(child));
      } else if (child.name().equals("filterref")) {
        to.add(reference(child));
      }
    }
    return new FilterDocument(to);
  }

  private static void chain(XmlElement from, XmlElement to) throws DefinitionException {
    String chain = from.attribute("chain", "");
    if (chain.isEmpty()) {
      chain = "root";
    }
    if (chain.length() > LONGEST_CHAIN) {
      throw invalid("Name of chain is longer than " + LONGEST_CHAIN + " characters");
    }
    String prefix = null;
    for (String one : PREFIXES) {
      prefix = prefix == null && chain.startsWith(one) ? one : prefix;
    }
    if (prefix == null && !chain.equals("root")) {
      throw invalid(
          "Invalid chain name '"
              + chain
              + "'. Please use a chain name called 'root' or any of the"
              + " following prefixes: "
              + String.join(", ", PREFIXES));
    }
    if (!chain.matches("[A-Za-z0-9_.:-]+")) {
      throw invalid("Chain name contains invalid characters");
    }
    int priority = prefix == null ? 0 : PRIORITIES.getOrDefault(prefix, 0);
    String given = from.attribute("priority", "");
    if (!given.isEmpty()) {
      if (!given.matches("[+-]?\\d{1,9}")) {
        throw invalid("Could not parse chain priority '" + given + "'");
      }
      priority = Integer.parseInt(given);
      if (Math.abs(priority) > MOST_PRIORITY) {
        throw invalid("Priority '" + priority + "' is outside valid range of [-1000,1000]");
      }
    }
    to.set("chain", chain).set("priority", priority == 0 ? null : Integer.toString(priority));
  }

  private static DefinitionException invalid(String message) {
    return new DefinitionException(DefinitionException.Kind.INVALID_ARGUMENT, message);
  }

  private static XmlElement rule(XmlElement from) throws DefinitionException {
    String action = from.attribute("action");
    if (action == null) {
      throw DefinitionException.internal("rule node requires action attribute");
    }
    if (!Set.of("drop", "accept", "reject", "return", "continue").contains(action)) {
      throw DefinitionException.unsupported("unknown rule action attribute value");
    }
    String direction = from.attribute("direction");
    if (direction == null) {
      throw DefinitionException.internal("rule node requires direction attribute");
    }
    if (!Set.of("in", "out", "inout").contains(direction)) {
      throw DefinitionException.unsupported("unknown rule direction attribute value");
    }
    String given = from.attribute("priority", "");
    int priority = given.matches("-?\\d{1,4}") ? Integer.parseInt(given) : RULE_PRIORITY;
    if (Math.abs(priority) > MOST_PRIORITY) {
      priority = RULE_PRIORITY;
    }
    XmlElement rule = new XmlElement("rule").set("action", action).set("direction", direction);
    rule.set("priority", priority);
    String state = from.attribute("statematch", "");
    if (state.equals("0") || state.equalsIgnoreCase("false")) {
      rule.set("statematch", "false");
    }
    XmlElement protocol = null;
    for (XmlElement child : from.children()) {
      Map<String, FieldKind> fields = RuleTable.fields(child.name());
      // The first protocol counts; what follows of the same one adds to it.
      if (fields != null && (protocol == null || protocol.name().equals(child.name()))) {
        protocol = protocol(child, protocol, fields);
      }
    }
    if (protocol != null) {
      ports(protocol);
      rule.add(protocol);
    }
    return rule;
  }

  private static XmlElement protocol(
      XmlElement from, XmlElement before, Map<String, FieldKind> fields)
      throws DefinitionException {
    XmlElement to = new XmlElement(from.name());
    String match = from.attribute("match", "");
    boolean not = match.equals("no") || match.equals("false") || match.equals("0");
    to.set("match", not || before != null && before.attribute("match") != null ? "no" : null);
    for (Map.Entry<String, FieldKind> field : fields.entrySet()) {
      String value = from.attribute(field.getKey());
      String normal = before == null ? null : before.attribute(field.getKey());
      if (value != null) {
        normal = field.getValue().normal(value);
        if (normal == null) {
          throw DefinitionException.internal(field.getKey() + " has illegal value " + value);
        }
      }
      to.set(field.getKey(), normal);
    }
    return to;
  }

  private static void ports(XmlElement protocol) throws DefinitionException {
    boolean six = protocol.name().equals("ipv6");
    if (!six && !protocol.name().equals("ip")) {
      return;
    }
    boolean ports = protocol.attributes().keySet().stream().anyMatch(key -> key.contains("port"));
    if (ports && !Set.of("tcp", "udp", "33", "sctp").contains(protocol.attribute("protocol", ""))) {
      throw DefinitionException.internal(
          (six ? "IPv6" : "IP")
              + " rule with port specification requires protocol specification with protocol to be"
              + " either one of tcp(6), udp(17), dccp(33), or sctp(132)");
    }
  }

  /** A {@code <filterref>} with its parameters by name. */
  static XmlElement reference(XmlElement from) throws DefinitionException {
    String filter = from.attribute("filter");
    if (filter == null) {
      throw DefinitionException.internal("rule node requires action attribute");
    }
    XmlElement reference = new XmlElement("filterref").set("filter", filter);
    List<XmlElement> parameters = new ArrayList<>();
    for (XmlElement parameter : from.children("parameter")) {
      String name = parameter.attribute("name", "");
      String value = parameter.attribute("value", "");
      if (name.matches("[A-Za-z0-9_]+") && value.matches("[A-Za-z0-9_.:-]+")) {
        parameters.add(new XmlElement("parameter").set("name", name).set("value", value));
      }
    }
    parameters.sort(Comparator.comparing(one -> one.attribute("name")));
    parameters.forEach(reference::add);
    return reference;
  }

  /** The filters that libvirt's packages bring, without UUIDs. */
  public static List<FilterDocument> standard() {
    try (InputStream in = FilterDocument.class.getResourceAsStream("standard.xml")) {
      XmlElement all =
          XmlReader.read(new String(in.readAllBytes(), StandardCharsets.UTF_8), "filters");
      List<FilterDocument> filters = new ArrayList<>();
      for (XmlElement one : all.children()) {
        filters.add(of(one));
      }
      return filters;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (XmlException | DefinitionException e) {
      throw new IllegalStateException("the filters of this program are damaged", e);
    }
  }

  /** The filter with a UUID, where it has none. */
  public FilterDocument complete(Random random) throws DefinitionException {
    if (uuid() != null) {
      return this;
    }
    XmlElement copy = root.copy();
    UUID uuid =
        new UUID(
            random.nextLong() & ~0xf000L | 0x4000L, random.nextLong() & ~(3L << 62) | 1L << 63);
    copy.add(0, new XmlElement("uuid").text(uuid.toString()));
    return of(copy);
  }

  /** What it is called. */
  public String name() {
    return root.attribute("name");
  }

  /** What identifies it; null before {@link #complete}. */
  public UUID uuid() {
    String text = root.textAt("uuid");
    return text == null ? null : UUID.fromString(text);
  }

  /** Names of the filters that it includes. */
  public Set<String> includes() {
    Set<String> names = new LinkedHashSet<>();
    root.children("filterref").forEach(one -> names.add(one.attribute("filter")));
    return names;
  }

  /** A copy of the tree. */
  public XmlElement tree() {
    return root.copy();
  }

  /** The document as libvirt writes it. */
  @Override
  public String toString() {
    return root.toString();
  }
}
