package org.wardian.definition.filter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.definition.network.DefinitionException;

/**
 * A variable as a rule has it: {@code $NAME}, the element {@code $NAME[2]} of a list, or {@code
 * $NAME[@1]} for all elements, one after the other with those of the same number.
 *
 * @param element which of the list; -1 for all of them
 * @param iterator the number of what goes through the list; 0 where none is given
 */
record RuleVariable(String name, int element, int iterator) {
  /** Whether a field's value is a variable. */
  static boolean is(String value) {
    return value.startsWith("$");
  }

  /** Reads one that {@link FieldKind} has accepted. */
  static RuleVariable of(String value) {
    int bracket = value.indexOf('[');
    if (bracket < 0) {
      return new RuleVariable(value.substring(1), -1, 0);
    }
    String name = value.substring(1, bracket);
    boolean iterates = value.charAt(bracket + 1) == '@';
    int number =
        Integer.parseInt(value.substring(bracket + (iterates ? 2 : 1), value.length() - 1));
    return iterates ? new RuleVariable(name, -1, number) : new RuleVariable(name, number, 0);
  }

  /** Its name as a message has it. */
  String text() {
    return element >= 0 ? name + "[" + element + "]" : name;
  }

  /** What it may stand for; empty where it has no value. */
  List<String> values(Map<String, List<String>> all) {
    List<String> list = all.getOrDefault(name, List.of());
    if (element < 0) {
      return list;
    }
    return element < list.size() ? List.of(list.get(element)) : List.of();
  }

  /**
   * What the variables of one rule stand for, once for each rule that becomes of it. Lists of one
   * iterator go forward together, others in all combinations.
   *
   * @throws DefinitionException where lists of one iterator differ in length, or there are more
   *     than {@code most} combinations
   */
  static List<Map<RuleVariable, String>> combinations(
      List<RuleVariable> variables, Map<String, List<String>> values, int most)
      throws DefinitionException {
    Map<Integer, List<RuleVariable>> groups = new TreeMap<>();
    Map<RuleVariable, String> fixed = new LinkedHashMap<>();
    for (RuleVariable one : variables) {
      if (one.element >= 0) {
        fixed.put(one, one.values(values).getFirst());
      } else {
        groups.computeIfAbsent(one.iterator, key -> new ArrayList<>()).add(one);
      }
    }
    List<Map<RuleVariable, String>> all = List.of(fixed);
    for (List<RuleVariable> group : groups.values()) {
      int length = group.getFirst().values(values).size();
      if (group.stream().anyMatch(one -> one.values(values).size() != length)) {
        throw DefinitionException.internal(
            "Cardinality of list items must be the same for processing them in parallel");
      }
      List<Map<RuleVariable, String>> next = new ArrayList<>();
      for (Map<RuleVariable, String> before : all) {
        for (int i = 0; i < length; i++) {
          if (next.size() >= most) {
            throw DefinitionException.internal("the lists of variables make too many rules");
          }
          Map<RuleVariable, String> choice = new LinkedHashMap<>(before);
          for (RuleVariable one : group) {
            choice.put(one, one.values(values).get(i));
          }
          next.add(choice);
        }
      }
      all = next;
    }
    if (all.size() > most) {
      throw DefinitionException.internal("a filter can have " + FilterTree.MOST_RULES + " rules");
    }
    return all;
  }
}
