package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlReader;

/** Documents of domains that ran under libvirt 9.0, beside what we say of them when they run. */
class LiveFormTest {
  private static final Path FOLDER =
      Path.of("src/test/resources/org/wardian/definition/domain/live");

  /** What QEMU's TCG adds to the model qemu64. */
  private static final Map<String, String> GUEST_CPU = new LinkedHashMap<>();

  static {
    GUEST_CPU.put("hypervisor", "require");
    GUEST_CPU.put("lahf_lm", "require");
  }

  private static String file(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name)).strip();
  }

  private static DomainDocument defined(String name) throws Exception {
    return DomainDocument.define(file(name + ".given.xml"), DomainCompletionTest.defaults());
  }

  private static DomainDocument started(DomainDocument definition, int id) {
    return LiveForm.start(
        definition,
        id,
        disk ->
            disk.format().equals("qcow2")
                ? List.of(new LiveForm.Image("file", "/images/a.raw", "raw"))
                : List.of(),
        "/var/lib/libvirt/qemu/channel/target");
  }

  /** The label is the security module's, which we have none of. */
  private static String running(String name) throws Exception {
    XmlElement root = XmlReader.read(file(name + ".running.xml"));
    root.remove("seclabel");
    return root.toString();
  }

  @Test
  void aRunningDomainIsDescribedAsLibvirtDoes() throws Exception {
    DomainDocument live = started(defined("live1"), 1);
    LiveForm.pty(live, live.serials().get(0), "/dev/pts/0");
    LiveForm.pty(live, live.consoles().get(1), "/dev/pts/2");
    LiveForm.pty(live, live.channels().get(1), "/dev/pts/1");
    LiveForm.listen(live.graphics().get(0), 5900, OptionalInt.empty(), "127.0.0.1");
    LiveForm.plug(live.interfaces().get(2), "vnet0", Optional.empty(), Optional.empty());
    LiveForm.processor(live, GUEST_CPU);

    assertThat(live.xml(Set.of())).isEqualTo(running("live1"));
  }

  @Test
  void aBoardWithPciExpressHasOtherNames() throws Exception {
    DomainDocument live = started(defined("live2"), 2);
    LiveForm.listen(live.graphics().get(0), 5999, OptionalInt.of(5700), "127.0.0.1");
    live.device("dimm0").orElseThrow().element().child("address").set("base", "0x100000000");
    LiveForm.processor(live, GUEST_CPU);

    assertThat(live.xml(Set.of())).isEqualTo(running("live2"));
  }

  @Test
  void whatRunsIsDefinedAsItWas() throws Exception {
    for (String name : List.of("live1", "live2")) {
      DomainDocument definition = defined(name);
      DomainDocument live = started(definition, 7);
      live.serials().stream()
          .filter(serial -> serial.type().equals("pty"))
          .forEach(serial -> LiveForm.pty(live, serial, "/dev/pts/4"));
      live.graphics().stream()
          .filter(Graphics::isAutomaticPort)
          .forEach(graphics -> LiveForm.listen(graphics, 5901, OptionalInt.empty(), "127.0.0.1"));
      live.graphics()
          .forEach(graphics -> {
            XmlElement listen = graphics.element().child("listen");
            if (graphics.isAutomaticPort()) {
              listen.set("address", null);
              graphics.element().set("listen", null);
            }
          });

      assertThat(live.xml(EnumSet.of(DomainFlag.INACTIVE, DomainFlag.SECURE)))
          .isEqualTo(definition.toString());
    }
  }
}
