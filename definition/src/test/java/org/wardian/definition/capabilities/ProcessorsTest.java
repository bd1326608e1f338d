package org.wardian.definition.capabilities;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.definition.capabilities.Processors.Comparison;
import org.wardian.definition.xml.XmlException;

/** Answers as libvirt 9.0 gave them on an Intel host that has all of Broadwell and AVX-512. */
class ProcessorsTest {
  private static HostProcessor host() {
    Set<String> features =
        new TreeSet<>(CpuModels.model("Broadwell-noTSX-IBRS").orElseThrow().features());
    features.addAll(List.of("avx512f", "invtsc", "osxsave", "hypervisor", "vme"));
    return new HostProcessor("Broadwell-noTSX-IBRS", "Intel", 6, 207, 2, features, 46);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<cpu><arch>x86_64</arch><model>qemu64</model></cpu> | INCOMPATIBLE",
        "<cpu match='exact'><model>Nehalem</model></cpu> | SUPERSET",
        "<cpu match='minimum'><model>Nehalem</model></cpu> | SUPERSET",
        "<cpu match='strict'><model>Nehalem</model></cpu> | INCOMPATIBLE",
        "<cpu match='exact'><model>EPYC</model></cpu> | INCOMPATIBLE",
        "<cpu match='exact'><model>Nehalem</model><feature name='svm'/></cpu> | INCOMPATIBLE",
        "<cpu match='exact'><model>Nehalem</model><feature name='avx' policy='forbid'/></cpu>"
            + " | INCOMPATIBLE",
        "<cpu match='exact'><model>Nehalem</model><feature name='avx' policy='disable'/></cpu>"
            + " | SUPERSET",
        "<cpu match='exact'><model>Nehalem</model><feature name='svm' policy='optional'/></cpu>"
            + " | SUPERSET",
        "<cpu match='exact'><model>Nehalem</model><vendor>AMD</vendor></cpu> | INCOMPATIBLE",
        "<cpu><arch>s390x</arch><model>kvm64</model></cpu> | INCOMPATIBLE",
        "<cpu/> | SUPERSET",
        "<cpu mode='host-model'/> | SUPERSET",
        "<cpu mode='host-passthrough'/> | SUPERSET"
      })
  void aProcessorIsCompared(String xml, Comparison comparison) throws Exception {
    assertThat(Processors.compare(host(), xml, false)).isEqualTo(comparison);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "<foo/> | 27 | XML error: XML does not contain expected 'cpu' element",
        "<cpu match='exact'><model>foo</model></cpu> | 1 | internal error: Unknown CPU model foo",
        "<cpu match='exact'><model>Nehalem</model><feature name='foo'/></cpu>"
            + " | 1 | internal error: Unknown CPU feature foo",
        "<cpu><arch>x86_64</arch></cpu> | 27 | XML error: Missing CPU model name",
        "<cpu match='exact'><model>Nehalem</model><feature name='svm'/></cpu> | 91"
            + " | the CPU is incompatible with host CPU: Host CPU does not provide required"
            + " features: svm"
      })
  void whatCannotBeComparedIsSaidSo(String xml, int code, String words) {
    assertThatThrownBy(() -> Processors.compare(host(), xml, true))
        .isInstanceOfSatisfying(
            XmlException.class,
            e -> assertThat(e.kind().code() + e.text()).isEqualTo(code + words));
  }

  private static String model(String name, String rest) {
    return "<cpu><arch>x86_64</arch><model>" + name + "</model>" + rest + "</cpu>";
  }

  @Test
  void theLeastOfSeveralIsTheirBaseline() throws Exception {
    assertThat(Processors.baseline(List.of(model("Nehalem", "")), false, false))
        .isEqualTo(
            """
            <cpu mode='custom' match='exact'>
              <model fallback='forbid'>Nehalem</model>
            </cpu>
            """);
    assertThat(
            Processors.baseline(
                List.of(
                    model("Penryn", "<feature name='avx'/>"),
                    model("Nehalem", ""),
                    model("Westmere", "")),
                false,
                false))
        .isEqualTo(
            """
            <cpu mode='custom' match='exact'>
              <model fallback='allow'>Penryn</model>
            </cpu>
            """);
    assertThat(
            Processors.baseline(
                List.of(
                    model("Broadwell", "<vendor>Intel</vendor>"),
                    model("Nehalem", "<vendor>Intel</vendor>")),
                false,
                false))
        .isEqualTo(
            """
            <cpu mode='custom' match='exact'>
              <model fallback='allow'>Nehalem</model>
              <vendor>Intel</vendor>
            </cpu>
            """);
  }

  @Test
  void twoVendorsHaveWhatBothHave() throws Exception {
    assertThat(Processors.baseline(List.of(model("Nehalem", ""), model("EPYC", "")), false, false))
        .isEqualTo(
            """
            <cpu mode='custom' match='exact'>
              <model fallback='allow'>kvm64</model>
              <feature policy='require' name='ssse3'/>
              <feature policy='require' name='sse4.1'/>
              <feature policy='require' name='sse4.2'/>
              <feature policy='require' name='popcnt'/>
              <feature policy='require' name='lahf_lm'/>
            </cpu>
            """);
    assertThatThrownBy(() ->
            Processors.baseline(
                List.of(
                    model("Nehalem", "<vendor>Intel</vendor>"),
                    model("EPYC", "<vendor>AMD</vendor>")),
                false,
                false))
        .hasMessage("CPU vendors do not match");
  }

  @Test
  void anExpandedBaselineNamesAllFeatures() throws Exception {
    String baseline = Processors.baseline(List.of(model("Penryn", "")), true, false);

    assertThat(baseline.lines().filter(line -> line.contains("<feature")).count())
        .isEqualTo(CpuModels.model("Penryn").orElseThrow().features().size())
        .isEqualTo(29);
  }

  @Test
  void whatDoesNotMoveIsLeftOutWhereAskedFor() throws Exception {
    String cpu = model("Penryn", "<feature name='invtsc'/>");

    assertThat(Processors.baseline(List.of(cpu), false, false)).contains("invtsc");
    assertThat(Processors.baseline(List.of(cpu), false, true)).doesNotContain("invtsc");
  }
}
