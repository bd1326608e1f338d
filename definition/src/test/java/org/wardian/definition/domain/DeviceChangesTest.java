package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.definition.xml.XmlException;

/**
 * Devices that were attached to a definition of libvirt 9.0, detached and updated, with what it
 * answered and which lines of the document changed.
 */
class DeviceChangesTest {
  private static final Path FOLDER = Path.of("src/test/resources/org/wardian/definition/domain");

  static Stream<Arguments> changes() throws IOException {
    return Files.readAllLines(FOLDER.resolve("changes.tsv")).stream()
        .map(line -> line.split("\t", -1))
        .map(row -> Arguments.of(row[0], row[1], row[2] + " " + row[3], row[4]));
  }

  private static DomainDocument base() throws Exception {
    return DomainDocument.define(
        Files.readString(FOLDER.resolve("changes.base.xml")), DomainCompletionTest.defaults());
  }

  private static String change(DomainDocument document, String operation, String xml) {
    DomainDefaults defaults = DomainCompletionTest.defaults();
    try {
      switch (operation) {
        case "attach" -> DeviceChanges.attach(document, xml, defaults, false);
        case "detach" -> DeviceChanges.detach(document, xml, defaults, false);
        default -> DeviceChanges.update(document, xml, defaults, false);
      }
      return "0 ";
    } catch (XmlException e) {
      return e.kind().code() + " " + e.text();
    }
  }

  /** Lines that only one of two documents has, those of the first with a minus. */
  private static String difference(DomainDocument one, DomainDocument other) {
    List<String> less = lines(one);
    List<String> more = lines(other);
    lines(one).forEach(more::remove);
    lines(other).forEach(less::remove);
    return Stream.concat(
            more.stream().map(line -> "+" + line), less.stream().map(line -> "-" + line))
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static List<String> lines(DomainDocument document) {
    return new ArrayList<>(document.toString().lines().map(String::strip).toList());
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("changes")
  void aDefinitionIsChangedAsLibvirtDoes(String operation, String xml, String answer, String lines)
      throws Exception {
    DomainDocument before = base();
    DomainDocument after = base();

    String said = change(after, operation, xml);

    assertThat(said + "\n" + difference(before, after)).isEqualTo(answer + "\n" + lines);
  }

  @Test
  void aRunningDomainsNewDeviceHasANameAndAPlace() throws Exception {
    DomainDocument live = LiveForm.start(base(), 3, disk -> List.of(), "/channels");

    DomainDevice disk =
        DeviceChanges.attach(
            live,
            "<disk type='file' device='disk'><source file='/b'/><target dev='vdb'/></disk>",
            DomainCompletionTest.defaults(),
            true);
    DomainDevice card =
        DeviceChanges.attach(
            live,
            "<interface type='user'><model type='virtio'/></interface>",
            DomainCompletionTest.defaults(),
            true);

    assertThat(disk.alias()).contains("virtio-disk1");
    assertThat(disk.address()).isPresent();
    assertThat(card.alias()).contains("net3");
    assertThat(live.device("net3").orElseThrow().address()).isEqualTo(card.address());
    assertThat(live.disk("vdb")).isPresent();

    DeviceChanges.detach(
        live, "<disk><target dev='vdb'/></disk>", DomainCompletionTest.defaults(), true);

    assertThat(live.disk("vdb")).isEmpty();
  }

  @Test
  void aChangeThatFailsChangesNothing() throws Exception {
    DomainDocument document = base();
    String before = document.toString();

    assertThat(
            change(
                document,
                "attach",
                "<disk type='file' device='disk'><source file='/b'/>"
                    + "<target dev='vdc' bus='virtio'/><boot order='1'/></disk>"))
        .startsWith("67 ");

    assertThat(document.toString()).isEqualTo(before);
  }
}
