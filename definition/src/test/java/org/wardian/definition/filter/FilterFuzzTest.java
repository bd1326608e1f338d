package org.wardian.definition.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;

/** Random rules are refused in words, or read; what was read is read again as the same. */
class FilterFuzzTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final String[] PROTOCOLS = {
    "mac", "vlan", "stp", "arp", "rarp", "ip", "ipv6", "tcp", "tcp-ipv6", "icmp", "all", "foo"
  };
  private static final String[] VALUES = {
    "",
    "x",
    "0",
    "-1",
    "17",
    "0x11",
    "0x",
    "99999999999",
    "$IP",
    "$",
    "$A[@1]",
    "$A[x]",
    "1.2.3.4",
    "300.1.1.1",
    "fe80::1",
    "::",
    "255.255.0.0",
    "ffff::",
    "arp",
    "0x800",
    "Request",
    "NEW,RELATED",
    "SYN/ACK",
    "yes",
    "no",
    "1:2:3:4:5:6",
    "ff:ff:ff:ff:ff:ff",
    "a'<>&\"",
    "\u00e9"
  };

  private final SplittableRandom random = new SplittableRandom(20_262);

  private String value() {
    return VALUES[random.nextInt(VALUES.length)];
  }

  @Test
  void anyFilterIsReadOrRefused() throws Exception {
    int read = 0;
    for (int i = 0; i < CASES; i++) {
      XmlElement filter = new XmlElement("filter").set("name", "f");
      filter.set("chain", random.nextInt(4) == 0 ? value() : "root");
      filter.set("priority", random.nextInt(4) == 0 ? value() : null);
      for (int n = random.nextInt(1, 3); n > 0; n--) {
        filter.add(rule());
      }
      if (random.nextInt(4) == 0) {
        XmlElement reference = filter.append("filterref").set("filter", "other");
        reference.append("parameter").set("name", value()).set("value", value());
      }
      try {
        FilterDocument document = FilterDocument.of(filter).complete(new Random(i));
        assertThat(FilterDocument.parse(document.toString())).hasToString(document.toString());
        read++;
      } catch (DefinitionException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
    assertThat(read).isBetween(CASES / 20, CASES);
  }

  private XmlElement rule() {
    XmlElement rule = new XmlElement("rule").set("action", "drop").set("direction", "in");
    rule.set("priority", random.nextInt(3) == 0 ? value() : null);
    String protocol = PROTOCOLS[random.nextInt(PROTOCOLS.length)];
    XmlElement element = rule.append(protocol);
    Map<String, FieldKind> fields = RuleTable.fields(protocol);
    if (fields != null) {
      List<String> names = new ArrayList<>(fields.keySet());
      for (int n = random.nextInt(3); n > 0; n--) {
        element.set(names.get(random.nextInt(names.size())), value());
      }
    }
    return rule;
  }
}
