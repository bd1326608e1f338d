package org.wardian.processor.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.kvm.Kvm;

class KvmProbeTest {
  @Test
  void aDeviceThatIsNotThereIsNotUsable() {
    KvmReport report = KvmProbe.probe(Path.of("/no/such/device"), Duration.ZERO);

    assertThat(report.usable()).isFalse();
    assertThat(report.fast()).isFalse();
    assertThat(report.reason()).contains("/no/such/device").hasLineCount(1);
  }

  @Test
  void anotherDeviceIsNotUsable() {
    KvmReport report = KvmProbe.probe(Path.of("/dev/null"), Duration.ZERO);

    assertThat(report.usable()).isFalse();
    assertThat(report.reason()).contains("/dev/null").contains("not the device of KVM");
  }

  @Test
  void aFileIsNotUsable(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("kvm"), "no device");

    assertThat(KvmProbe.probe(file, Duration.ZERO).usable()).isFalse();
    assertThat(KvmProbe.probe(folder, Duration.ZERO).usable()).isFalse();
  }

  @Test
  void aKvmIsMeasured() {
    assumeTrue(Files.isWritable(Kvm.DEVICE), "this host lends no KVM");

    KvmReport report = KvmProbe.probe(Kvm.DEVICE, Duration.ofMillis(20));

    assumeTrue(report.missing().isEmpty(), () -> "this KVM is too old: " + report.reason());
    assertThat(report.usable()).as(report.reason()).isTrue();
    assertThat(report.mips()).isPositive();
    assertThat(report.fast()).isEqualTo(report.mips() >= KvmProbe.FAST_MIPS);
    assertThat(report.exitMicroseconds()).isPositive();
    assertThat(report.reason()).contains("MIPS").contains("microseconds").hasLineCount(1);
    assertThat(report.kickMethod()).isPresent();
    assertThat(report.mostVcpus()).isPositive();
    assertThat(report.supportedCpuid()).isNotEmpty();
  }

  @Test
  void nothingStaysOpenOrMapped() throws IOException {
    assumeTrue(Files.isWritable(Kvm.DEVICE), "this host lends no KVM");

    KvmProbe.probe();
    List<String> open = descriptors();
    long mapped = pagesOfVcpus();
    for (int i = 0; i < 3; i++) {
      KvmProbe.probe();
    }

    assertThat(descriptors()).containsExactlyInAnyOrderElementsOf(open);
    assertThat(pagesOfVcpus()).isEqualTo(mapped);
  }

  private static long pagesOfVcpus() throws IOException {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains("kvm-vcpu")).count();
    }
  }

  /** What is open, without files and pipes of others. */
  private static List<String> descriptors() throws IOException {
    try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
      return links
          .map(KvmProbeTest::target)
          .filter(name -> name.startsWith("anon_inode") || name.contains("kvm"))
          .toList();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
