package org.wardian.definition.filter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;

/**
 * A filter with all that it includes, and what its variables stand for. It cannot be changed.
 * Source: libvirt's "Network Filters", "Usage of variables in filters".
 */
public final class FilterTree {
  /** More rules than this, variables filled in, are refused. */
  public static final int MOST_RULES = 20_000;

  private static final int DEEPEST = 32;
  private static final int MOST_INCLUDES = 1_000;

  /**
   * A rule with nothing left open.
   *
   * @param chain of the filter in which it stands
   * @param chainPriority of that chain
   * @param action drop, accept, reject, return or continue
   * @param direction in, out or inout
   * @param stateMatch false where answers are not told from questions
   * @param protocol the name of its element; empty for a rule about every frame
   * @param negated whether the fields are to be others
   * @param fields attributes of that element
   */
  public record Rule(
      String chain,
      int chainPriority,
      String action,
      String direction,
      int priority,
      boolean stateMatch,
      String protocol,
      boolean negated,
      Map<String, String> fields) {}

  /** A rule, and the values of the variables there. */
  private record Place(
      String chain, int chainPriority, XmlElement rule, Map<String, List<String>> values) {}

  /** How the guest's IPv4 address is found out, where nobody says it. */
  public enum Learning {
    /** By the first packet that has it. */
    ANY,
    /** By leases of DHCP. */
    DHCP
  }

  private static final String ADDRESS = "IP";
  private static final String METHOD = "CTRL_IP_LEARNING";

  private final XmlElement reference;
  private final List<Place> places = new ArrayList<>();
  private final Map<String, FilterDocument> filters = new LinkedHashMap<>();
  private final Set<String> missing = new TreeSet<>();
  private int includes;

  private FilterTree(XmlElement reference) {
    this.reference = reference;
  }

  /**
   * Finds all that a reference leads to.
   *
   * @param reference a {@code <filterref>} with its parameters
   * @param given values beside those, which win: {@code MAC}, and {@code IP} where it was learned
   * @param find the filter of a name; null where there is none
   * @throws DefinitionException where a filter is missing, or includes itself
   */
  public static FilterTree of(
      XmlElement reference, Map<String, List<String>> given, Function<String, FilterDocument> find)
      throws DefinitionException {
    FilterTree tree = new FilterTree(reference.copy());
    tree.walk(reference, given, find, 0);
    return tree;
  }

  private void walk(
      XmlElement reference,
      Map<String, List<String>> outer,
      Function<String, FilterDocument> find,
      int depth)
      throws DefinitionException {
    String name = reference.attribute("filter", "");
    FilterDocument filter = find.apply(name);
    if (filter == null) {
      throw DefinitionException.internal("referenced filter '" + name + "' is missing");
    }
    if (depth > DEEPEST || ++includes > MOST_INCLUDES) {
      throw DefinitionException.internal("filter '" + name + "' includes too many others");
    }
    filters.put(name, filter);
    Map<String, List<String>> values = parameters(reference);
    values.putAll(outer);
    XmlElement root = filter.tree();
    String chain = root.attribute("chain", "root");
    int priority = Integer.parseInt(root.attribute("priority", "0"));
    for (XmlElement child : root.children()) {
      if (child.name().equals("filterref")) {
        walk(child, values, find, depth + 1);
      } else if (child.name().equals("rule")) {
        places.add(new Place(chain, priority, child, values));
        for (RuleVariable one : variables(child)) {
          if (one.values(values).isEmpty()) {
            missing.add(one.text());
          }
        }
      }
    }
  }

  /** The parameters of a reference: all values of each name, in their order. */
  public static Map<String, List<String>> parameters(XmlElement reference) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (XmlElement one : reference.children("parameter")) {
      values
          .computeIfAbsent(one.attribute("name", ""), key -> new ArrayList<>())
          .add(one.attribute("value", ""));
    }
    return values;
  }

  private static List<RuleVariable> variables(XmlElement rule) {
    List<RuleVariable> all = new ArrayList<>();
    for (XmlElement protocol : rule.children()) {
      for (String value : protocol.attributes().values()) {
        if (RuleVariable.is(value)) {
          all.add(RuleVariable.of(value));
        }
      }
    }
    return all;
  }

  /** The filters that were found, by name. */
  public Map<String, FilterDocument> filters() {
    return new LinkedHashMap<>(filters);
  }

  /** Variables, or elements of lists, that have no value. */
  public Set<String> missing() {
    return new TreeSet<>(missing);
  }

  /**
   * How what is missing is to be learned; empty where nothing is missing.
   *
   * @throws DefinitionException where more is missing than an address, or it is not to be learned
   */
  public Optional<Learning> learning() throws DefinitionException {
    if (missing.isEmpty()) {
      return Optional.empty();
    }
    String method = parameters(reference).getOrDefault(METHOD, List.of("any")).getFirst();
    if (!missing.equals(Set.of(ADDRESS)) || method.equalsIgnoreCase("none")) {
      throw unresolvable(missing);
    }
    return Optional.of(
        switch (method.toLowerCase(Locale.ROOT)) {
          case "any" -> Learning.ANY;
          case "dhcp" -> Learning.DHCP;
          default ->
              throw new DefinitionException(
                  DefinitionException.Kind.PARSE_FAILED,
                  "filter '"
                      + reference.attribute("filter")
                      + "' learning value '"
                      + method
                      + "' invalid.");
        });
  }

  /**
   * All rules, with each variable's values filled in: a rule comes once for each combination.
   *
   * @throws DefinitionException where a variable has no value, lists that belong together are not
   *     of one length, or there are too many rules
   */
  public List<Rule> rules() throws DefinitionException {
    if (!missing.isEmpty()) {
      throw unresolvable(missing);
    }
    List<Rule> all = new ArrayList<>();
    for (Place place : places) {
      for (Map<RuleVariable, String> choice :
          RuleVariable.combinations(
              variables(place.rule()), place.values(), MOST_RULES - all.size())) {
        all.add(rule(place, choice));
      }
    }
    return all;
  }

  /** What libvirt says of variables without a value. */
  public static DefinitionException unresolvable(Set<String> variables) {
    return DefinitionException.internal(
        "Cannot instantiate filter due to unresolvable variables or unavailable list elements: "
            + String.join(", ", variables));
  }

  private static Rule rule(Place place, Map<RuleVariable, String> choice) {
    XmlElement rule = place.rule();
    XmlElement protocol = rule.children().isEmpty() ? null : rule.children().getFirst();
    Map<String, String> fields = new LinkedHashMap<>();
    if (protocol != null) {
      protocol
          .attributes()
          .forEach((name, value) -> {
            if (!name.equals("match") && !name.equals("comment")) {
              fields.put(name, RuleVariable.is(value) ? choice.get(RuleVariable.of(value)) : value);
            }
          });
    }
    return new Rule(
        place.chain(),
        place.chainPriority(),
        rule.attribute("action", ""),
        rule.attribute("direction", ""),
        Integer.parseInt(rule.attribute("priority", "0")),
        !"false".equals(rule.attribute("statematch")),
        protocol == null ? "" : protocol.name(),
        protocol != null && "no".equals(protocol.attribute("match")),
        fields);
  }
}
