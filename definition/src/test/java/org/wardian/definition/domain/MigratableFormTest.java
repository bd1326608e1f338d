package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What of a document libvirt 9.0 shows to {@code virsh dumpxml --migratable}. Its {@code
 * <graphics>} without children has an end of its own all the same; that is not compared.
 */
class MigratableFormTest {
  private static final Path FOLDER = Path.of("src/test/resources/org/wardian/definition/domain");

  static Stream<Arguments> documents() throws IOException {
    return Files.readAllLines(FOLDER.resolve("migratable.tsv")).stream()
        .map(line -> line.split("\t", -1))
        .map(row -> Arguments.of(row[0], row[1]));
  }

  /** Without those that lose a name, a feature or a listen element for good, as with libvirt. */
  static Stream<Arguments> documentsWithoutOwnWords() throws IOException {
    Set<String> others =
        Set.of("keyboard-named", "icelake", "graphics-socket", "vnc-socket", "spice-nowhere");
    return documents().filter(row -> !others.contains(row.get()[0]));
  }

  private static List<String> lines(DomainDocument document, Set<DomainFlag> flags) {
    return new ArrayList<>(document.xml(flags).lines().map(String::strip).toList());
  }

  /** Lines come in another order than libvirt's where it has read its own document again. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("documents")
  void aDocumentLosesWhatLibvirtLeavesOut(String name, String difference) throws Exception {
    DomainDocument document =
        DomainDocument.define(DomainCompletionTest.given(name), DomainCompletionTest.defaults());
    String before = document.toString();
    List<String> less = lines(document, EnumSet.of(DomainFlag.INACTIVE, DomainFlag.SECURE));
    List<String> more = lines(document, EnumSet.of(DomainFlag.MIGRATABLE));
    List<String> there = List.copyOf(more);
    less.forEach(more::remove);
    there.forEach(less::remove);

    assertThat(
            Stream.concat(
                    more.stream().map(line -> "+" + line), less.stream().map(line -> "-" + line))
                .sorted()
                .collect(Collectors.joining(" ")))
        .isEqualTo(difference);
    assertThat(document.toString()).isEqualTo(before);
  }

  /** What is left out comes back when the document is defined. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("documentsWithoutOwnWords")
  void itIsTheSameMachineWhereItIsDefined(String name, String difference) throws Exception {
    DomainDefaults defaults = DomainCompletionTest.defaults();
    DomainDocument document = DomainDocument.define(DomainCompletionTest.given(name), defaults);
    DomainDocument again =
        DomainDocument.define(document.xml(EnumSet.of(DomainFlag.MIGRATABLE)), defaults);

    assertThat(again.toString().lines().sorted().toList())
        .isEqualTo(document.toString().lines().sorted().toList());
  }

  @Test
  void aRunningDomainIsShownAsItsDefinitionIs() throws Exception {
    DomainDocument definition =
        DomainDocument.define(
            DomainCompletionTest.given("channels"), DomainCompletionTest.defaults());
    DomainDocument live = LiveForm.start(definition, 7, disk -> List.of(), "/qemu/channel/target");

    assertThat(live.xml(EnumSet.of(DomainFlag.MIGRATABLE)))
        .isEqualTo(definition.xml(EnumSet.of(DomainFlag.MIGRATABLE)));
  }
}
