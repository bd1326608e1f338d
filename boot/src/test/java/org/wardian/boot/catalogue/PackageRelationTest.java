package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackageRelationTest {
  @Test
  void readsGroupsAndAlternatives() {
    List<List<PackageRelation>> groups =
        PackageRelation.parse(
            "kmod, linux-base (>= 4.3~),initramfs-tools (>= 0.120+deb8u2)|linux-initramfs-tool",
            "amd64");
    assertThat(groups)
        .extracting(List::toString)
        .containsExactly(
            "[kmod]",
            "[linux-base (>= 4.3~)]",
            "[initramfs-tools (>= 0.120+deb8u2), linux-initramfs-tool]");
  }

  @Test
  void leavesOutOtherArchitectures() {
    assertThat(PackageRelation.parse("python3:any, libc6:i386 | libc6:amd64", "amd64"))
        .extracting(List::toString)
        .containsExactly("[python3]", "[libc6]");
    assertThat(PackageRelation.parse("libc6:i386", "amd64")).containsExactly(List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "a (<< 2),  1.9, true", "a (<< 2),  2, false", "a (<= 2),  2, true", "a (<= 2),  2.1, false",
    "a (= 2),   2, true", "a (= 2),   1:2, false", "a (>= 2),  2, true", "a (>= 2), 2~rc1, false",
    "a (>> 2),  2.1, true", "a (>> 2),  2, false", "a (< 2), 2, true", "a (> 2), 2, true",
    "a, 0~~, true"
  })
  void comparesVersions(String relation, String version, boolean met) {
    PackageRelation parsed = PackageRelation.parse(relation, "amd64").getFirst().getFirst();
    assertThat(parsed.isMetBy(DebianVersion.parse(version))).isEqualTo(met);
  }

  @Test
  void aVirtualPackageWithoutVersionMeetsNoComparison() {
    assertThat(PackageRelation.parse("awk", "amd64").getFirst().getFirst().isMetBy(null)).isTrue();
    assertThat(PackageRelation.parse("awk (>= 1)", "amd64").getFirst().getFirst().isMetBy(null))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a (>= )", "a (~ 1)", "a b", "(>= 1)", "a (>= 1", "a | ", "a (= x:2)"})
  void refusesWhatIsNone(String field) {
    assertThatIllegalArgumentException().isThrownBy(() -> PackageRelation.parse(field, "amd64"));
  }

  @Test
  void anyTextIsReadOrRefused() {
    Random random = new Random(5);
    String characters = "ab1 ,|()<>=:.+-~\n\u00e9";
    int read = 0;
    for (int n = 0; n < Integer.getInteger("wardian.fuzz.iterations", 20_000); n++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(24); length > 0; length--) {
        text.append(characters.charAt(random.nextInt(characters.length())));
      }
      try {
        PackageRelation.parse(text.toString(), "amd64");
        read++;
      } catch (IllegalArgumentException refused) {
        assertThat(refused).hasMessageNotContaining("null");
      }
    }
    assertThat(read).isPositive();
  }
}
