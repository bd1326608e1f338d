package org.wardian.definition.capabilities;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

class CapabilitiesTest {
  /** An Intel Westmere as CPUID tells it: family 6, model 44, stepping 2. */
  private static final Cpuid WESTMERE =
      (leaf, subleaf) ->
          switch (leaf) {
            case 0 -> new Cpuid.Registers(0xb, 0x756e6547, 0x6c65746e, 0x49656e69);
            case 1 -> new Cpuid.Registers(0x000206c2, 0, 0x029ee3ff, 0xbfebfbff);
            case 0x8000_0000 -> new Cpuid.Registers(0x8000_0008, 0, 0, 0);
            case 0x8000_0001 -> new Cpuid.Registers(0, 0, 1, 0x2c10_0800);
            case 0x8000_0008 -> new Cpuid.Registers(0x3028, 0, 0, 0);
            default -> Cpuid.Registers.NONE;
          };

  private static HostTopology topology() {
    return new HostTopology(
        List.of(
            new HostTopology.Node(
                0,
                1_000_000,
                Map.of(4L, 250_000L),
                Map.of(0, 10),
                List.of(
                    new HostTopology.Processor(0, 0, 0, 0, "0-1"),
                    new HostTopology.Processor(1, 0, 0, 0, "0-1"),
                    new HostTopology.Processor(2, 0, 0, 1, "2-3"),
                    new HostTopology.Processor(3, 0, 0, 1, "2-3")))),
        List.of(4L));
  }

  private static MachineAbilities abilities(boolean kvm) {
    return new MachineAbilities(
        "/emulator",
        kvm,
        HostProcessor.of(WESTMERE),
        CpuModels.model("Penryn").orElseThrow().features(),
        List.of("/firmware.fd"),
        16);
  }

  @Test
  void aProcessorIsNamedByItsModelAndWhatItHasBesides() {
    HostProcessor processor = HostProcessor.of(WESTMERE);

    assertThat(processor.model()).isEqualTo("Westmere");
    assertThat(processor.vendor()).isEqualTo("Intel");
    assertThat(processor.addressBits()).isEqualTo(40);
    assertThat(processor.features()).contains("vmx", "aes", "pdpe1gb").doesNotContain("avx");
    assertThat(processor.element(topology()).toString())
        .contains("<model>Westmere</model>")
        .contains("<signature family='6' model='44' stepping='2'/>")
        .contains("<topology sockets='1' dies='1' cores='2' threads='2'/>")
        .contains("<feature name='vmx'/>")
        .doesNotContain("<feature name='aes'/>");
  }

  @Test
  void aHostHasWhatAClientLooksFor() throws Exception {
    UUID uuid = UUID.fromString("cd29d430-b05b-4f27-989a-ac70c328002d");
    XmlElement root =
        XmlReader.read(
            CapabilitiesDocument.write(
                uuid, HostProcessor.of(WESTMERE), topology(), "/emulator", true));

    assertThat(root.textAt("host/uuid")).isEqualTo(uuid.toString());
    assertThat(root.attributeAt("host/topology/cells/cell/cpus", "num")).isEqualTo("4");
    assertThat(root.textAt("host/secmodel/model")).isEqualTo("none");
    assertThat(root.children("guest")).hasSize(2);
    XmlElement arch = root.children("guest").get(1).child("arch");
    assertThat(arch.attribute("name")).isEqualTo("x86_64");
    assertThat(arch.children("domain").stream().map(domain -> domain.attribute("type")))
        .containsExactly("qemu", "kvm");
    assertThat(
            arch.children("machine").stream()
                .filter(machine -> machine.text().equals("q35"))
                .map(machine -> machine.attribute("canonical")))
        .containsExactly("pc-q35-7.2");
  }

  @Test
  void aGuestMayHaveWhatOurMachinesHave() throws Exception {
    XmlElement root =
        XmlReader.read(DomainCapabilities.write(abilities(false), null, null, "q35", null));

    assertThat(root.textAt("domain")).isEqualTo("qemu");
    assertThat(root.textAt("machine")).isEqualTo("pc-q35-7.2");
    assertThat(root.attributeAt("vcpu", "max")).isEqualTo("16");
    assertThat(root.attributeAt("devices/hostdev", "supported")).isEqualTo("no");
    assertThat(root.textAt("os/loader/value")).isEqualTo("/firmware.fd");
    assertThat(root.find("cpu").orElseThrow().children("mode").get(0).attribute("supported"))
        .isEqualTo("no");
    assertThat(root.toString())
        .contains("<model usable='yes' vendor='Intel'>Penryn</model>")
        .contains("<model usable='no' vendor='Intel'>Westmere</model>")
        .contains("<model fallback='forbid'>Penryn</model>");
  }

  /** Our machines show a guest no more than our own processor has, whoever executes it. */
  @Test
  void theHostsProcessorIsForGuestsThatItRuns() throws Exception {
    XmlElement root =
        XmlReader.read(DomainCapabilities.write(abilities(true), null, null, null, null));

    assertThat(root.textAt("domain")).isEqualTo("kvm");
    assertThat(root.toString())
        .contains("<model fallback='forbid'>Penryn</model>")
        .contains("<mode name='host-passthrough' supported='yes'>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      nullValues = "-",
      value = {
        "- | foo | - | - | invalid argument: unknown architecture: foo",
        "- | s390x | - | - | unsupported configuration: unable to find any emulator to serve"
            + " 's390x' architecture",
        "- | - | foo | - | invalid argument: the machine 'foo' is not supported by emulator"
            + " '/emulator'",
        "- | - | - | foo | invalid argument: unknown virttype: foo",
        "- | - | - | kvm | invalid argument: the accel 'kvm' is not supported by '/emulator' on"
            + " this host",
        "/emulator | s390x | - | - | invalid argument: architecture from emulator 'x86_64' doesn't"
            + " match given architecture 's390x'"
      })
  void aMachineThatThereIsNotIsRefusedInLibvirtsWords(
      String emulator, String arch, String machine, String type, String words) {
    assertThatThrownBy(
            () -> DomainCapabilities.write(abilities(false), emulator, arch, machine, type))
        .isInstanceOfSatisfying(XmlException.class, e -> assertThat(e.text()).isEqualTo(words));
  }

  @Test
  void whatTheFirmwareSaysIsToldOrRefused(@TempDir Path folder) throws Exception {
    assertThatThrownBy(() -> SystemInformation.write(folder))
        .isInstanceOf(XmlException.class)
        .hasMessage("Host SMBIOS information is not available");

    Files.writeString(folder.resolve("sys_vendor"), "A & B\n");
    Files.writeString(folder.resolve("bios_version"), "1.0\n");

    assertThat(SystemInformation.write(folder))
        .isEqualTo(
            """
            <sysinfo type='smbios'>
              <bios>
                <entry name='version'>1.0</entry>
              </bios>
              <system>
                <entry name='manufacturer'>A &amp; B</entry>
              </system>
            </sysinfo>
            """);
  }

  @Test
  void allModelsAreMadeOfKnownFeatures() {
    for (String name : CpuModels.names()) {
      Set<String> features = CpuModels.model(name).orElseThrow().features();
      assertThat(CpuFeatures.names()).as(name).containsAll(features);
    }
    assertThat(CpuModels.names()).hasSize(58);
  }
}
