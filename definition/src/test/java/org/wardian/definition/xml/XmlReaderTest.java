package org.wardian.definition.xml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XmlReaderTest {
  private static final String DOCUMENT =
      """
      <domain type='kvm' xmlns:q="http://q/">
        <name>a &amp; b &#x41;&#10;</name>
        <!-- a comment -->
        <metadata><q:x q:y='1'>text</q:x><z xmlns='urn:z'/></metadata>
        <devices><disk type='file'><![CDATA[<raw>]]></disk></devices>
      </domain>
      """;

  @Test
  void namesKeepTheirPrefixes() throws Exception {
    XmlElement root = XmlReader.read(DOCUMENT);

    assertThat(root.attribute("xmlns:q")).isEqualTo("http://q/");
    assertThat(root.find("metadata/q:x").orElseThrow().attribute("q:y")).isEqualTo("1");
    assertThat(root.textAt("name")).isEqualTo("a & b A\n");
    assertThat(root.textAt("devices/disk")).isEqualTo("<raw>");
  }

  @Test
  void whatIsWrittenIsReadAgain() throws Exception {
    XmlElement root = new XmlElement("a").set("k", "tab\t line\n return\r '\"<>&");
    root.append("b").text("tab\t line\n return\r '\"<>& \ud83d\ude00");

    XmlElement again = XmlReader.read(root.toString());

    assertThat(again.attribute("k")).isEqualTo(root.attribute("k"));
    assertThat(again.textAt("b")).isEqualTo(root.textAt("b"));
  }

  @Test
  void whatOthersKeepIsQuotedAsLibxmlDoes() throws Exception {
    XmlElement root = new XmlElement("domain").set("type", "it's \"qemu\"");
    XmlElement kept = root.append("metadata").append("o:a").set("xmlns:o", "urn:o");
    kept.set("k", "it's \"kept\"").text("it's \"kept\" & \t<so>\r");

    assertThat(root.toString())
        .isEqualTo(
            """
            <domain type='it&apos;s &quot;qemu&quot;'>
              <metadata>
                <o:a xmlns:o="urn:o" k="it's &quot;kept&quot;">it's "kept" &amp; \t&lt;so&gt;&#13;</o:a>
              </metadata>
            </domain>
            """);
    assertThat(XmlWriter.writeForeign(kept)).startsWith("<o:a xmlns:o=\"urn:o\" k=\"it's &quot;");
    XmlElement again = XmlReader.read(root.toString()).find("metadata/o:a").orElseThrow();
    assertThat(again.attribute("k")).isEqualTo(kept.attribute("k"));
    assertThat(again.text()).isEqualTo(kept.text());
  }

  @Test
  void whatNoDocumentMayHaveIsNotWritten() throws Exception {
    XmlElement root = new XmlElement("a").set("k", "1\u0000\u00072\ud8003\ufffe");
    root.append("b").text("\u0001x\udc00y");

    assertThat(root.toString()).isEqualTo("<a k='123'>\n  <b>xy</b>\n</a>\n");
    assertThat(XmlReader.read(root.toString()).attribute("k")).isEqualTo("123");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>"
            + "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>]><a>&d;</a>",
        "<a>&undefined;</a>",
        "<a>\u0000</a>",
        "<a k='\u0001'/>",
        "<a>&#0;</a>",
        "<a>&#xd800;</a>",
        "<a>\ud800</a>",
        "<a>\ufffe</a>",
        "<a",
        "</a>",
        "<a/><b/>",
        "<a><b></a></b>",
        "<a k=1/>",
        "<a k='1' k='2'/>",
        "<1/>",
        "\u0000"
      })
  void aHostileTextIsRefused(String text) {
    assertThatThrownBy(() -> XmlReader.read(text))
        .isInstanceOfSatisfying(
            XmlException.class,
            e -> assertThat(e.kind()).isEqualTo(XmlException.Kind.NOT_WELL_FORMED));
  }

  @Test
  void aDocumentIsNoLargerThanAMessage() {
    String large = "<a>" + "x".repeat(10 << 20) + "</a>";

    assertThatThrownBy(() -> XmlReader.read(large))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining("characters");
  }

  @Test
  void aDocumentIsNoDeeperThanAStack() throws Exception {
    assertThat(XmlReader.read("<a>".repeat(256) + "</a>".repeat(256)).copy().toString())
        .contains("<a/>");

    assertThatThrownBy(() -> XmlReader.read("<a>".repeat(100_000)))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining("256 levels");
  }

  @Test
  void aDocumentHasNotTooManyElements() {
    assertThatThrownBy(() -> XmlReader.read("<a>" + "<b/>".repeat(200_000) + "</a>"))
        .isInstanceOf(XmlException.class)
        .hasMessageContaining("elements");
  }

  @Test
  void anyTextIsReadOrRefused() throws Exception {
    Random random = new Random(1);
    int read = 0;
    for (int n = 0; n < Mutations.ITERATIONS; n++) {
      String text = Mutations.mutate(DOCUMENT, random);
      XmlElement root;
      try {
        root = XmlReader.read(text);
      } catch (XmlException e) {
        assertThat(e.kind()).isEqualTo(XmlException.Kind.NOT_WELL_FORMED);
        continue;
      }
      read++;
      assertThat(XmlReader.read(root.toString()).toString()).isEqualTo(root.toString());
    }
    assertThat(read).isPositive();
  }
}
