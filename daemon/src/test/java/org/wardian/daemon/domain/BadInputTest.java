package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.storage.Virsh;

/** What an unmodified virsh sends that is wrong, and libvirt's own kind of error for it. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class BadInputTest {
  private static final int DEEP = 3_000;
  private static final int MANY = 10;

  /** By commands that take a document: its root, what such a document must have, its name. */
  private static final Map<String, List<String>> DOCUMENTS = new LinkedHashMap<>();

  static {
    String domain = "<name>bad</name><memory>32768</memory><os><type>hvm</type></os>";
    DOCUMENTS.put("define %s", List.of("domain", domain, "(domain_definition)"));
    DOCUMENTS.put("create %s", List.of("domain", domain, "(domain_definition)"));
    DOCUMENTS.put("attach-device one %s --config", List.of("disk", "", "(device_definition)"));
    DOCUMENTS.put("net-define %s", List.of("network", "<name>bad</name>", "(network_definition)"));
    DOCUMENTS.put(
        "nwfilter-define %s", List.of("filter", "<name>bad</name>", "(nwfilter_definition)"));
    DOCUMENTS.put(
        "pool-define %s",
        List.of(
            "pool",
            "<name>bad</name><target><path>/nowhere</path></target>",
            "(storage_pool_definition)"));
    DOCUMENTS.put("secret-define %s", List.of("secret", "", "(definition_of_secret)"));
    DOCUMENTS.put("nodedev-create %s", List.of("device", "", "(node_device_definition)"));
    DOCUMENTS.put(
        "snapshot-create one %s",
        List.of("domainsnapshot", "<name>bad</name>", "(domain_snapshot)"));
  }

  @TempDir private Path root;
  private QemuDaemon host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new QemuDaemon(root);
    virsh = host.virsh();
    host.define("one", "");
  }

  @AfterEach
  void stop() {
    host.close();
  }

  /** Entities that grow without bound, ones of the host's files, depth, half and no documents. */
  private static List<String> hostile(String name, String content) {
    StringBuilder bomb = new StringBuilder("<!DOCTYPE d [<!ENTITY a0 'aaaaaaaaaa'>");
    for (int i = 1; i < MANY; i++) {
      bomb.append("<!ENTITY a").append(i).append(" '");
      bomb.append(("&a" + (i - 1) + ";").repeat(MANY)).append("'>");
    }
    String begin = "<" + name + ">" + content;
    String end = "</" + name + ">";
    return List.of(
        bomb + "]>" + begin + "<description>&a" + (MANY - 1) + ";</description>" + end,
        "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>"
            + begin
            + "<description>&e;</description>"
            + end,
        begin + "<a>".repeat(DEEP) + "</a>".repeat(DEEP) + end,
        begin + "<a b='1' b='2'/>" + end,
        begin + "</" + name.substring(1),
        "\u0001\u0002 noise & <");
  }

  @Test
  void hostileDocumentsAreRefusedAsLibvirtDoes() throws Exception {
    for (Map.Entry<String, List<String>> one : DOCUMENTS.entrySet()) {
      List<String> commands = new ArrayList<>();
      for (String document : hostile(one.getValue().get(0), one.getValue().get(1))) {
        Path file = root.resolve("hostile" + commands.size() + ".xml");
        Files.writeString(file, document);
        commands.add(one.getKey().formatted(file));
      }
      String expected = "error: " + one.getValue().get(2) + ":1: ";
      assertThat(virsh.all(commands))
          .as(one.getKey())
          .hasSize(commands.size())
          .allMatch(said -> said.contains(expected));
    }
    assertThat(virsh.printed("list --all --name").strip()).isEqualTo("one");
    assertThat(virsh.printed("net-list --all --name").strip()).doesNotContain("bad");
    assertThat(virsh.printed("pool-list --all --name").strip()).isEmpty();
    assertThat(virsh.printed("secret-list").lines().skip(2)).isEmpty();
  }

  @Test
  void aDocumentOfTenMillionBytesGoesNoFurtherThanTheClient() throws Exception {
    Path file =
        Files.writeString(
            root.resolve("large.xml"),
            QemuDaemon.xml("large", "<description>" + "x".repeat(10_000_000) + "</description>"));
    assertThat(virsh.refused("define " + file)).contains("Unable to encode message payload");
    // Nearly as much as the protocol carries is taken.
    Files.writeString(
        file, QemuDaemon.xml("large", "<description>" + "x".repeat(4_000_000) + "</description>"));
    virsh.printed("define " + file);
    assertThat(virsh.printed("dumpxml large").length()).isGreaterThan(4_000_000);
  }

  @Test
  void aMachineWithoutItsFilesIsNotStarted() throws Exception {
    define("disk", "<disk type='file'><source file='/nowhere/disk'/><target dev='vda'/></disk>");
    define(
        "medium",
        "<disk type='file' device='cdrom'><source file='/nowhere/cd'/><target dev='hdc'/></disk>");
    Path kernel = root.resolve("kernel.xml");
    Files.writeString(
        kernel,
        QemuDaemon.xml("kernel", "")
            .replace("</type>", "</type><kernel>/nowhere/vmlinuz</kernel>"));
    virsh.printed("define " + kernel);
    assertThat(
            virsh.all(List.of("start disk", "start medium", "start kernel", "restore /nowhere/m")))
        .satisfiesExactly(
            said ->
                assertThat(said)
                    .endsWith(
                        "error: Cannot access storage file '/nowhere/disk': "
                            + "No such file or directory"),
            said -> assertThat(said).contains("error: Cannot access storage file '/nowhere/cd'"),
            said ->
                assertThat(said)
                    .endsWith("error: unable to stat: /nowhere/vmlinuz: No such file or directory"),
            said ->
                assertThat(said)
                    .endsWith(
                        "error: Failed to open file '/nowhere/m': No such file or directory"));
    assertThat(virsh.printed("list --name")).isEmpty();
  }

  private void define(String name, String device) throws Exception {
    Path file = root.resolve(name + ".xml");
    Files.writeString(file, QemuDaemon.xml(name, "").replace("<devices>", "<devices>" + device));
    virsh.printed("define " + file);
  }

  @Test
  void nothingIsChangedByTheReadOnlySocket() throws Exception {
    Virsh looker =
        new Virsh(
            "qemu+unix:///system?socket=" + host.folders().state().resolve("libvirt-sock-ro"));
    String document = host.document("two", "").toString();
    // Without save: virsh may wait for ever for one that is refused at once.
    List<String> changes =
        List.of(
            "define " + document,
            "create " + document,
            "undefine one",
            "start one",
            "destroy one",
            "shutdown one",
            "suspend one",
            "restore " + document,
            "autostart one",
            "domrename one two",
            "setmem one 1M --config",
            "setvcpus one 1 --config",
            "attach-device one " + document + " --config",
            "snapshot-create one",
            "net-define " + document,
            "nwfilter-define " + document,
            "pool-define " + document,
            "secret-define " + document,
            "nodedev-create " + document,
            "qemu-monitor-command one query-status",
            "dumpxml one --security-info");
    List<String> said = looker.all(changes);
    for (int i = 0; i < changes.size(); i++) {
      assertThat(said.get(i)).as(changes.get(i)).contains("error: operation forbidden: ");
    }
    assertThat(looker.printed("list --all --name").strip()).isEqualTo("one");
    assertThat(looker.printed("domstate --reason one")).isEqualTo("shut off (unknown)");
  }
}
