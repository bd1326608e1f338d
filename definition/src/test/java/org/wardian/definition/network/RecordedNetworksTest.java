package org.wardian.definition.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Definitions are read, completed, written and refused as Debian's libvirtd did it. */
class RecordedNetworksTest {
  /** Their words are those of libxml2's parser, which name its file and show the line. */
  private static final Set<String> PARSER_ERRORS = Set.of("notxml", "nothing", "text");

  private record Case(String name, String document, String result) {}

  static List<String> documents() throws Exception {
    return cases().stream().map(Case::document).toList();
  }

  private static List<Case> cases() throws Exception {
    List<Case> cases = new ArrayList<>();
    try (InputStream in = RecordedNetworksTest.class.getResourceAsStream("recorded.txt")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      String[] parts = text.split("(?m)^=== ");
      for (String part : List.of(parts).subList(1, parts.length)) {
        int line = part.indexOf('\n');
        int middle = part.indexOf("\n---\n", line);
        cases.add(
            new Case(
                part.substring(0, line),
                part.substring(Math.min(line + 1, middle), middle),
                part.substring(middle + 5).stripTrailing()));
      }
    }
    return cases;
  }

  @TestFactory
  Stream<DynamicTest> asLibvirt() throws Exception {
    return cases().stream().map(one -> DynamicTest.dynamicTest(one.name(), () -> compare(one)));
  }

  private static void compare(Case one) {
    String ours = ours(one.document());
    if (PARSER_ERRORS.contains(one.name())) {
      assertThat(ours).startsWith("error: (network_definition):");
      assertThat(one.result()).startsWith("error: (network_definition)");
      return;
    }
    // A random address; a double quote, which libvirt leaves as it is in an attribute.
    String normal =
        one.result().contains("address='...'")
            ? ours.replaceFirst("(?m)^  <mac address='52:54:00:[^']*'", "  <mac address='...'")
            : ours;
    assertThat(normal.replace("&quot;", "\"").replace("xmlns:a='urn:a'", "xmlns:a=\"urn:a\""))
        .isEqualTo(one.result());
  }

  private static String ours(String document) {
    try {
      return NetworkDocument.parse(document)
          .complete(new Random(1), bridge -> false)
          .toString()
          .stripTrailing();
    } catch (DefinitionException e) {
      return "error: "
          + switch (e.kind()) {
            case XML_ERROR -> "XML error: " + e.getMessage();
            case XML_DETAIL -> e.getMessage().stripTrailing();
            case UNSUPPORTED -> "unsupported configuration: " + e.getMessage();
            case INTERNAL -> "internal error: " + e.getMessage().stripTrailing();
            case NO_NAME -> "missing name information";
            default -> e.kind() + ": " + e.getMessage();
          };
    }
  }
}
