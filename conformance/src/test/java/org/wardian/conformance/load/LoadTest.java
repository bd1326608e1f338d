package org.wardian.conformance.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.conformance.libvirt.LibvirtdApart;

/** {@link LoadRun} with small numbers; figures of time decide nothing. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class LoadTest {
  // Short: sockets of machines are below it.
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"beside,1", "clients,5", "machines,3", "cycles,20", "kills,10"})
  void theDaemonBearsIt(String group, int count) throws Exception {
    Assumptions.assumeTrue(
        !group.equals("beside") || LibvirtdApart.isPossible(),
        "only root can start a libvirtd apart from the host's (package libvirt-daemon-system)");
    assertThat(new LoadRun(folder, System.out).run(group, count)).isTrue();
  }
}
