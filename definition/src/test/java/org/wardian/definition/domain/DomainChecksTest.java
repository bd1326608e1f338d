package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.definition.xml.XmlException;

/**
 * Bad documents, with the number and the words that libvirt 9.0 had for each; those that it takes
 * all the same have number 0.
 */
class DomainChecksTest {
  private static final Path LIST =
      Path.of("src/test/resources/org/wardian/definition/domain/refused.tsv");

  static Stream<Arguments> documents() throws IOException {
    return Files.readAllLines(LIST).stream()
        .map(line -> line.split("\t", -1))
        .map(row -> Arguments.of(row[0], Integer.parseInt(row[1]), row[2], row[3]));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("documents")
  void aDocumentIsRefusedInLibvirtsWords(String name, int code, String words, String document) {
    int found = 0;
    String said = "";
    try {
      DomainDocument.define(document, DomainCompletionTest.defaults());
    } catch (XmlException e) {
      found = e.kind().code();
      said = e.text();
    }

    assertThat(found + " " + said).isEqualTo(code + " " + words);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "<domain><name></domain>",
        "<domain/><domain/>",
        "<domain type='a' type='b'/>",
        "<domain type='a<b'/>",
        "<domain>\u0001</domain>",
        "<domain>&foo;</domain>",
        "<!DOCTYPE d [<!ENTITY a \"b\">]><domain type='qemu'><name>&a;</name></domain>"
      })
  void whatIsNotWellFormedIsSaidToBeSo(String document) {
    assertThatThrownBy(() -> DomainDocument.define(document, DomainCompletionTest.defaults()))
        .isInstanceOfSatisfying(
            XmlException.class,
            e -> assertThat(e.kind()).isEqualTo(XmlException.Kind.NOT_WELL_FORMED));
  }

  @Test
  void aBoardThatIsNoneIsRefused() {
    assertThatThrownBy(() ->
            DomainDocument.define(
                "<domain type='qemu'><name>a</name><memory>65536</memory>"
                    + "<os><type machine='foo'>hvm</type></os></domain>",
                DomainCompletionTest.defaults()))
        .isInstanceOfSatisfying(
            XmlException.class, e -> assertThat(e.kind()).isEqualTo(XmlException.Kind.UNSUPPORTED))
        .hasMessageContaining("foo");
  }
}
