package org.wardian.definition.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Damaged documents are refused in words, or read; what was read is read again as the same. */
class NetworkFuzzTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final String[] VALUES = {
    "",
    "x",
    "0",
    "-1",
    "4294967296",
    "99999999999999999999",
    "yes",
    "no",
    "10.0.0.1",
    "fd00::1",
    "::ffff:1.2.3.4",
    "255.255.255.0",
    "0.0.0.0",
    "64",
    "128",
    "52:54:00:00:00:01",
    "ipv6",
    "%d",
    "a'b\"<&>",
    "nat",
    "route",
    "bridge",
    "hostdev",
    "..",
    "1.2.3",
    "fe80::1%1"
  };

  private final SplittableRandom random = new SplittableRandom(20_261);

  @Test
  void anyDocumentIsReadOrRefused() throws Exception {
    List<String> documents = RecordedNetworksTest.documents();
    int read = 0;
    for (int i = 0; i < CASES; i++) {
      XmlElement tree;
      try {
        tree = XmlReader.read(documents.get(random.nextInt(documents.size())));
      } catch (XmlException e) {
        continue;
      }
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        damage(tree, documents);
      }
      // What no document may have is not written, so a tree that came as a text has none of it.
      tree = XmlReader.read(tree.toString());
      try {
        NetworkDocument document =
            NetworkDocument.of(tree).complete(new Random(i), bridge -> false).live();
        String text = document.toString();
        assertThat(NetworkDocument.parse(text)).hasToString(text);
        update(document);
        read++;
      } catch (DefinitionException e) {
        assertThat(e.kind()).isNotNull();
      }
    }
    assertThat(read).isBetween(CASES / 20, CASES);
  }

  private void damage(XmlElement tree, List<String> documents) {
    XmlElement at = tree;
    while (!at.children().isEmpty() && random.nextInt(4) != 0) {
      at = at.children().get(random.nextInt(at.children().size()));
    }
    String value = VALUES[random.nextInt(VALUES.length)];
    List<String> keys = List.copyOf(at.attributes().keySet());
    switch (random.nextInt(5)) {
      case 0 -> at.text(value);
      case 1 -> {
        XmlElement gone = at.children().isEmpty() ? null : at.children().getFirst();
        at.removeIf(child -> child == gone);
      }
      case 2 -> {
        try {
          XmlElement other = XmlReader.read(documents.get(random.nextInt(documents.size())));
          XmlElement into = at;
          other.children().forEach(child -> into.add(child.copy()));
        } catch (XmlException e) {
          at.add(at.copy());
        }
      }
      default -> {
        if (keys.isEmpty()) {
          at.set("address", value);
        } else {
          at.set(keys.get(random.nextInt(keys.size())), random.nextInt(6) == 0 ? null : value);
        }
      }
    }
  }

  private void update(NetworkDocument document) {
    String[] elements = {
      "<host mac='52:54:00:00:00:09' ip='10.9.0.77'/>",
      "<range start='10.9.0.5' end='10.9.0.6'/>",
      "<interface dev='e'/>",
      "<portgroup name='e'/>",
      "<txt name='t'/>",
      "<srv service='s'/>",
      "<host ip='10.9.0.5'><hostname>h1</hostname></host>",
      "<host/>",
      "<range start='x' end='y'/>"
    };
    NetworkUpdate.Section[] sections = NetworkUpdate.Section.values();
    NetworkUpdate.Command[] commands = NetworkUpdate.Command.values();
    NetworkUpdate change =
        new NetworkUpdate(
            commands[random.nextInt(commands.length)],
            sections[random.nextInt(sections.length)],
            random.nextInt(-1, 3),
            elements[random.nextInt(elements.length)]);
    try {
      String text = change.apply(document).toString();
      assertThat(NetworkDocument.parse(text)).hasToString(text);
    } catch (DefinitionException e) {
      assertThat(e.kind()).isNotNull();
    }
  }
}
