package org.wardian.definition.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlReader;

/** Filters become rules as libvirt makes them; its own words where they cannot. */
class FilterTreeTest {
  private final Map<String, FilterDocument> filters = new HashMap<>();

  private void filter(String xml) throws DefinitionException {
    FilterDocument filter = FilterDocument.parse(xml);
    filters.put(filter.name(), filter);
  }

  private FilterTree tree(String reference) throws Exception {
    return FilterTree.of(
        XmlReader.read(reference), Map.of("MAC", List.of("52:54:00:00:00:01")), filters::get);
  }

  private List<String> sources(String reference) throws Exception {
    return tree(reference).rules().stream()
        .map(rule -> rule.fields().get("srcipaddr") + ">" + rule.fields().get("dstipaddr"))
        .toList();
  }

  private static String two(String source, String target) {
    return "<filter name='f'><rule action='accept' direction='in'><ip srcipaddr='"
        + source
        + "' dstipaddr='"
        + target
        + "'/></rule></filter>";
  }

  private static final String LISTS =
      "<filterref filter='f'><parameter name='A' value='10.0.0.1'/><parameter name='A'"
          + " value='10.0.0.2'/><parameter name='B' value='10.0.1.1'/><parameter name='B'"
          + " value='10.0.1.2'/></filterref>";

  @Test
  void listsGoForwardTogetherUnlessTheyAreToldApart() throws Exception {
    filter(two("$A", "$B"));
    assertThat(sources(LISTS)).containsExactly("10.0.0.1>10.0.1.1", "10.0.0.2>10.0.1.2");
    filter(two("$A[@1]", "$B[@2]"));
    assertThat(sources(LISTS))
        .containsExactly(
            "10.0.0.1>10.0.1.1", "10.0.0.1>10.0.1.2", "10.0.0.2>10.0.1.1", "10.0.0.2>10.0.1.2");
    filter(two("$A[1]", "$B[0]"));
    assertThat(sources(LISTS)).containsExactly("10.0.0.2>10.0.1.1");
  }

  @Test
  void listsOfDifferentLengthCannotGoTogether() throws Exception {
    filter(two("$A", "$B"));
    assertThatThrownBy(() -> sources(LISTS.replace("<parameter name='B' value='10.0.1.2'/>", "")))
        .isInstanceOf(DefinitionException.class)
        .hasMessage("Cardinality of list items must be the same for processing them in parallel");
  }

  @Test
  void whatIsMissingIsSaid() throws Exception {
    filter(two("$B", "$A[2]"));
    assertThat(tree(LISTS).missing()).containsExactly("A[2]");
    assertThatThrownBy(() -> tree("<filterref filter='f'/>").learning())
        .hasMessage(
            "Cannot instantiate filter due to unresolvable variables or unavailable list elements:"
                + " A[2], B");
    assertThatThrownBy(() -> tree("<filterref filter='g'/>"))
        .hasMessage("referenced filter 'g' is missing");
  }

  @Test
  void anAddressIsLearnedAsTheReferenceSays() throws Exception {
    for (FilterDocument one : FilterDocument.standard()) {
      filters.put(one.name(), one);
    }
    String learning =
        "<filterref filter='clean-traffic'><parameter name='CTRL_IP_LEARNING' value='%s'/>"
            + "</filterref>";
    assertThat(tree("<filterref filter='clean-traffic'/>").learning())
        .contains(FilterTree.Learning.ANY);
    assertThat(tree(learning.formatted("DHCP")).learning()).contains(FilterTree.Learning.DHCP);
    assertThatThrownBy(() -> tree(learning.formatted("none")).learning())
        .hasMessageEndingWith("elements: IP");
    assertThatThrownBy(() -> tree(learning.formatted("xx")).learning())
        .hasMessage("filter 'clean-traffic' learning value 'xx' invalid.");
    assertThat(
            tree("<filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.1'/>"
                    + "</filterref>")
                .learning())
        .isEmpty();
  }

  @Test
  void theOuterReferencesValuesWin() throws Exception {
    filter(two("$A", "10.0.0.9"));
    filter(
        "<filter name='outer'><filterref filter='f'><parameter name='A' value='10.0.0.1'/>"
            + "</filterref></filter>");
    assertThat(sources("<filterref filter='outer'/>")).containsExactly("10.0.0.1>10.0.0.9");
    assertThat(
            sources("<filterref filter='outer'><parameter name='A' value='10.0.0.2'/></filterref>"))
        .containsExactly("10.0.0.2>10.0.0.9");
  }

  @Test
  void filtersThatIncludeEachOtherEndInWords() throws Exception {
    filter("<filter name='a'><filterref filter='b'/><filterref filter='b'/></filter>");
    filter("<filter name='b'><filterref filter='a'/><filterref filter='a'/></filter>");
    assertThatThrownBy(() -> tree("<filterref filter='a'/>"))
        .isInstanceOf(DefinitionException.class)
        .hasMessageContaining("includes too many others");
  }
}
