package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DebianVersionTest {
  @ParameterizedTest
  @CsvSource({
    "6.1.176-1, <, 6.1.192-2",
    "6.1.9-1, <, 6.1.10-1",
    "6.1.0-9, <, 6.1.0-10",
    "1.0~rc1, <, 1.0",
    "1.0~~, <, 1.0~",
    "1.0, <, 1.0a",
    "1.0a, <, 1.0+",
    "1.0-1, <, 1.0-1+deb12u1",
    "1.35.0-4, <, 1.35.0-4+deb12u1+b1",
    "9.9, <, 1:0.1",
    "1.0, =, 0:1.0",
    "1.0, =, 1.0-0",
    "1.00, =, 1.0",
    "1.0-1, <, 1.0.1-1",
    "1.2-3-1, >, 1.2-1",
    "1:1.35.0-4, =, 1:1.35.0-4",
    "a, <, b",
    "1.a, <, 1.aa",
    "2.0, >, 2.0~",
  })
  void ordersAsDpkgDoes(String left, String relation, String right) {
    int expected = relation.equals("<") ? -1 : relation.equals(">") ? 1 : 0;
    assertThat(compare(left, right)).isEqualTo(expected);
    assertThat(compare(right, left)).isEqualTo(-expected);
  }

  private static int compare(String left, String right) {
    return Integer.signum(DebianVersion.parse(left).compareTo(DebianVersion.parse(right)));
  }

  @Test
  void equalVersionsAreEqualHoweverWritten() {
    assertThat(DebianVersion.parse("0:1.0-0"))
        .isEqualTo(DebianVersion.parse("1.0"))
        .hasSameHashCodeAs(DebianVersion.parse("1.0"))
        .hasToString("0:1.0-0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":1", "x:1", "1 2", "-1", "1/2", "1\n2", "9999999999:1", "ü"})
  void refusesWhatIsNoVersion(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> DebianVersion.parse(text));
  }

  @Test
  void agreesWithDpkgOnRandomVersions() throws IOException, InterruptedException {
    Path dpkg = Path.of("/usr/bin/dpkg");
    assumeTrue(Files.isExecutable(dpkg), "no dpkg on this machine");
    Random random = new Random(20);
    for (int i = 0; i < Mutations.iterations(100); i++) {
      String left = randomVersion(random);
      String right = randomVersion(random);
      String relation = compare(left, right) < 0 ? "lt" : compare(left, right) > 0 ? "gt" : "eq";
      Process process =
          new ProcessBuilder(dpkg.toString(), "--compare-versions", left, relation, right)
              .redirectErrorStream(true)
              .start();
      process.getInputStream().readAllBytes();
      assertThat(process.waitFor()).as("%s %s %s", left, relation, right).isZero();
    }
  }

  private static String randomVersion(Random random) {
    StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "1:" : "");
    text.append(random.nextInt(2));
    for (int i = random.nextInt(5); i > 0; i--) {
      text.append("0019.+~aAz-".charAt(random.nextInt(11)));
    }
    return text.append("-1").toString();
  }
}
