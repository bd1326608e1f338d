package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
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

  private static String live(DomainDocument document, String operation, String xml) {
    DomainDefaults defaults = DomainCompletionTest.defaults();
    try {
      switch (operation) {
        case "attach" -> DeviceChanges.attach(document, xml, defaults, true);
        case "detach" -> DeviceChanges.detach(document, xml, defaults, true);
        default -> DeviceChanges.update(document, xml, defaults, true);
      }
      return "0 ";
    } catch (XmlException e) {
      return e.kind().code() + " " + e.text();
    }
  }

  private static String channel(String type, String name, String more) {
    return "<channel type='%s'><target type='virtio' name='%s'/>%s</channel>"
        .formatted(type, name, more);
  }

  private static String port(int controller, int port) {
    return "<address type='virtio-serial' controller='%d' bus='0' port='%d'/>"
        .formatted(controller, port);
  }

  private static DomainDocument running(String devices) throws Exception {
    return LiveForm.start(
        DomainDocument.define(
            "<domain type='qemu'><name>a</name><memory>65536</memory><os><type>hvm</type></os>"
                + "<devices>"
                + devices
                + "</devices></domain>",
            DomainCompletionTest.defaults()),
        3,
        disk -> List.of(),
        "/qemu/channel/target");
  }

  /** Answers are libvirt's for the same steps. */
  @Test
  void aRunningDomainsChannelsComeAndGo() throws Exception {
    DomainDocument live = running(channel("unix", "org.first", ""));
    String terminal = "<source path='/dev/pts/7'/>";

    assertThat(live(live, "attach", channel("unix", "org.first", "")))
        .isEqualTo("55 Requested operation is not valid: chardev already exists");
    assertThat(live(live, "attach", channel("pty", "org.second", ""))).isEqualTo("0 ");
    assertThat(live.channels().get(1).alias()).contains("channel1");
    assertThat(live.channels().get(1).address()).contains(new DeviceAddress.VirtioSerial(0, 0, 2));
    assertThat(live(live, "attach", channel("pty", "org.third", port(0, 2))))
        .isEqualTo("27 XML error: virtio serial port 2 on controller 0 is already occupied");
    assertThat(live(live, "attach", channel("pty", "org.third", port(0, 31))))
        .isEqualTo("27 XML error: virtio serial controller 0 does not have port 31");
    assertThat(live(live, "attach", channel("pty", "org.third", port(1, 1))))
        .isEqualTo("27 XML error: virtio serial controller 1 is missing");
    assertThat(live(live, "attach", "<console type='pty'><target type='serial'/></console>"))
        .isEqualTo("67 unsupported configuration: unsupported console target type serial");
    assertThat(live(live, "attach", "<console type='pty'><target type='virtio'/></console>"))
        .isEqualTo("0 ");
    // The terminal is part of what a device is.
    LiveForm.pty(live, live.channels().get(1), "/dev/pts/7");
    assertThat(live(live, "detach", channel("pty", "org.second", "")))
        .isEqualTo(
            "99 device not found: chr type 'channel' device not present in domain configuration");
    assertThat(
            live(
                live,
                "detach",
                channel("pty", "org.second", "").replace("<target", terminal + "<target")))
        .isEqualTo("0 ");
    assertThat(live.channels()).hasSize(1);
    assertThat(live(running(""), "attach", channel("pty", "org.first", "")))
        .isEqualTo("1 internal error: no virtio-serial controllers are available");
  }

  @Test
  void ofARunningDomainsScreenOnlyThePasswordChanges() throws Exception {
    DomainDocument live = running("<graphics type='vnc' passwd='secret'/>");
    LiveForm.listen(live.graphics().get(0), 5901, OptionalInt.empty(), "127.0.0.1");
    String given = "<graphics type='vnc' autoport='yes' listen='127.0.0.1' %s/>";
    String before = live.toString();

    assertThat(live(live, "update", given.formatted("passwd='new'"))).isEqualTo("0 ");
    assertThat(live.toString()).isEqualTo(before.replace("'secret'", "'new'"));
    assertThat(live(live, "update", given.formatted("keymap='de' passwd='x'")))
        .isEqualTo("84 Operation not supported: cannot change keymap setting on vnc graphics");
    assertThat(live(live, "update", given.replace("yes", "no").formatted("port='5999' passwd='x'")))
        .isEqualTo("84 Operation not supported: cannot change port settings on vnc graphics");
    assertThat(live(live, "update", "<graphics type='vnc' autoport='yes' passwd='x'/>"))
        .isEqualTo(
            "84 Operation not supported: cannot change listen address setting on 'vnc' graphics");
    assertThat(live(live, "update", given.formatted("connected='fail'")))
        .isEqualTo("67 unsupported configuration: VNC supports connected='keep' only");
    assertThat(live(live, "update", given.formatted("passwd='123456789012'")))
        .isEqualTo(
            "67 unsupported configuration: VNC password is 12 characters long, only 8 permitted");
    assertThat(live(live, "update", "<graphics type='spice' autoport='yes' passwd='x'/>"))
        .isEqualTo(
            "99 device not found: cannot find existing graphics device to modify of type 'spice'");
    assertThat(live.graphics().get(0).password()).contains("new");
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
