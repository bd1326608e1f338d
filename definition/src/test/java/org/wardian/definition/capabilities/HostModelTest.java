package org.wardian.definition.capabilities;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.domain.DomainDocument;

/**
 * What {@code virsh dumpxml --update-cpu} shows; the forms are libvirt 9.0's, which was asked on a
 * host of its own model.
 */
class HostModelTest {
  private static final HostModel HOST =
      HostModel.of(
          with(CpuModels.model("Westmere").orElseThrow().features(), "vmx", "umip"), "Intel");

  private static Set<String> with(Set<String> features, String... more) {
    Set<String> all = new TreeSet<>(features);
    all.addAll(List.of(more));
    return all;
  }

  private static String updated(String cpu) throws Exception {
    DomainDocument document =
        DomainDocument.define(
            "<domain type='qemu'><name>a</name><memory>65536</memory><os><type>hvm</type></os>"
                + cpu
                + "</domain>",
            new DomainDefaults(
                "/emulator", "/nvram", new Random(1), DomainDefaults.Hardware.OWN, false));
    HOST.update(document);
    return document
        .root()
        .child("cpu")
        .toString()
        .lines()
        .map(String::strip)
        .reduce("", String::concat);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "<cpu mode='host-model'/>"
            + "|<cpu mode='custom' match='exact' check='partial'><model fallback='allow'>Westmere"
            + "</model><vendor>Intel</vendor><feature policy='require' name='vmx'/>"
            + "<feature policy='require' name='umip'/></cpu>",
        // What the document says of a feature holds: in its place, or behind the others.
        "<cpu mode='host-model' check='full'>"
            + "<topology sockets='1' cores='1' threads='1'/>"
            + "<feature policy='optional' name='aes'/><feature policy='optional' name='xop'/>"
            + "<feature policy='forbid' name='vmx'/></cpu>"
            + "|<cpu mode='custom' match='exact' check='full'>"
            + "<model fallback='allow'>Westmere</model>"
            + "<vendor>Intel</vendor><topology sockets='1' dies='1' cores='1' threads='1'/>"
            + "<feature policy='forbid' name='vmx'/><feature policy='require' name='umip'/>"
            + "<feature policy='require' name='aes'/><feature policy='disable' name='xop'/></cpu>",
        // The least that is wanted becomes what there is; of the model only the name.
        "<cpu mode='custom' match='minimum'>"
            + "<model fallback='forbid' vendor_id='AuthenticAMD'>Nehalem</model>"
            + "<feature policy='force' name='avx512f'/></cpu>"
            + "|<cpu mode='custom' match='exact' check='none'>"
            + "<model fallback='forbid' vendor_id='AuthenticAMD'>Westmere</model>"
            + "<feature policy='require' name='vmx'/><feature policy='require' name='umip'/>"
            + "<feature policy='force' name='avx512f'/></cpu>",
        "<cpu mode='custom' match='strict'><model fallback='forbid'>qemu64</model>"
            + "<feature policy='optional' name='aes'/><feature policy='optional' name='xop'/>"
            + "</cpu>"
            + "|<cpu mode='custom' match='strict' check='none'>"
            + "<model fallback='forbid'>qemu64</model>"
            + "<feature policy='require' name='aes'/><feature policy='disable' name='xop'/></cpu>",
        "<cpu mode='host-passthrough'><feature policy='optional' name='aes'/></cpu>"
            + "|<cpu mode='host-passthrough' check='none'>"
            + "<feature policy='optional' name='aes'/></cpu>",
        "<cpu mode='maximum'/>|<cpu mode='maximum' check='none'/>",
      })
  void aProcessorThatIsLeftOpenIsNamed(String given, String shown) throws Exception {
    assertThat(updated(given)).isEqualTo(shown);
  }

  /** What is shown is what the guest has, neither more nor less. */
  @Test
  void theModelAndWhatItHasBesidesAreAllThatThereIs() {
    Random random = new Random(5);
    List<String> names = new ArrayList<>(CpuFeatures.names());
    for (int i = 0; i < 500; i++) {
      Set<String> features = with(CpuModels.model("pentiumpro").orElseThrow().features());
      int count = random.nextInt(names.size());
      for (int j = 0; j < count; j++) {
        features.add(names.get(random.nextInt(names.size())));
      }
      HostModel host = HostModel.of(features, random.nextBoolean() ? "Intel" : "AMD");
      Set<String> shown = with(CpuModels.model(host.name()).orElseThrow().features());
      assertThat(host.besides()).noneMatch(shown::contains);
      shown.addAll(host.besides());
      assertThat(shown).isEqualTo(features);
    }
  }

  @Test
  void theHostsProcessorGivesWhatOursHasAndNoMore() {
    MachineAbilities abilities =
        new MachineAbilities(
            "/emulator",
            true,
            new HostProcessor(
                "Westmere",
                "AMD",
                6,
                44,
                2,
                with(CpuModels.model("Westmere").orElseThrow().features(), "vmx", "avx"),
                40),
            with(CpuModels.model("Nehalem").orElseThrow().features(), "x2apic", "umip", "osxsave"),
            List.of(),
            16);

    assertThat(abilities.hostModel(true).features())
        .contains("sse4.2", "x2apic")
        .doesNotContain("vmx", "avx", "aes", "umip", "osxsave");
    assertThat(abilities.hostModel(true).vendor()).isNotEqualTo("Intel");
    assertThat(abilities.hostModel(false).features()).contains("umip").doesNotContain("osxsave");
  }
}
