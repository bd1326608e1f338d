package org.wardian.daemon.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The names of groups: what a client names is no path, and systemd takes it. */
class MachinePlaceTest {
  private static final List<String> NAMES =
      List.of("qemu-1-box", ".hidden", "a b", "A_z:9.x", "back\\slash", "säge", "a-b\"c'$(d)");

  @Test
  void aScopeIsNamedAsLibvirtNamesIt() {
    MachinePlace place = new MachinePlace(3, "web-1", Optional.empty());
    assertThat(place.scope()).isEqualTo("machine-qemu\\x2d3\\x2dweb\\x2d1.scope");
    assertThat(place.slice()).isEqualTo("machine.slice");
    assertThat(place.folder().folder())
        .isEqualTo(Path.of("/sys/fs/cgroup/machine/qemu-3-web-1.libvirt-qemu"));
  }

  @Test
  void aPartitionIsASliceWithinASlice() {
    MachinePlace place = new MachinePlace(1, "box", Optional.of("/machine/production"));
    assertThat(place.slice()).isEqualTo("machine-production.slice");
    assertThat(place.folder().folder())
        .isEqualTo(Path.of("/sys/fs/cgroup/machine/production/qemu-1-box.libvirt-qemu"));
  }

  @Test
  void noNameLeadsElsewhere() {
    for (String partition : List.of("/../../etc", "/machine/..", "/./.", "/cgroup.procs/x")) {
      MachinePlace place = new MachinePlace(1, "../../x", Optional.of(partition));
      Path folder = place.folder().folder();
      assertThat(folder.normalize()).isEqualTo(folder).startsWithRaw(ControlGroup.ROOT);
      assertThat(folder.getFileName()).hasToString("qemu-1-....x.libvirt-qemu");
    }
    String endless = new MachinePlace(1, "x".repeat(1_000), Optional.empty()).scope();
    assertThat(endless).hasSizeLessThan(255);
  }

  @Test
  void systemdEscapesTheSame() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-escape")), "systemd-escape is missing");
    for (String name : NAMES) {
      Process process = new ProcessBuilder("/usr/bin/systemd-escape", "--", name).start();
      String escaped =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor()).isZero();
      assertThat(MachinePlace.escape(name)).as(name).isEqualTo(escaped);
    }
  }
}
