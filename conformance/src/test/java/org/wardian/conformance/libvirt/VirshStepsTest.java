package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A script of virsh over every group of commands, against Debian's libvirtd with QEMU's translator
 * and against our daemon. What differs is in {@code target/virsh-steps.txt}.
 */
@Tag("slow")
class VirshStepsTest {
  @TempDir private Path folder;

  /** libvirtd runs QEMU as a user of its own, who must find the images, and make sockets. */
  @BeforeEach
  void letOthersThrough() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  @Test
  void everyStepThatPassesThereOneWayOrAnotherPassesHere() throws Exception {
    Map<VirshStep, StepRun.Result> there = there();
    Map<VirshStep, StepRun.Result> here = here();
    StepComparison comparison =
        new StepComparison(there, here, StepRun.resource("differences.txt").lines().toList());
    Files.writeString(Path.of("target", "virsh-steps.txt"), comparison.report(there, here));
    assertThat(there.values().stream().filter(StepRun.Result::passed).count())
        .as("steps that pass there: else the comparison says nothing")
        .isGreaterThan(350);
    assertThat(comparison.unexplained(StepComparison.Verdict.FAILS_ONLY_HERE)).isEmpty();
    assertThat(comparison.unexplained(StepComparison.Verdict.WORDS)).isEmpty();
    assertThat(comparison.unexplained(StepComparison.Verdict.PASSES_ONLY_HERE)).isEmpty();
  }

  private Map<VirshStep, StepRun.Result> there() throws IOException, InterruptedException {
    try (LibvirtdApart libvirtd = LibvirtdApart.start(folder.resolve("libvirtd"))) {
      return steps(libvirtd.uri(), "there");
    }
  }

  private Map<VirshStep, StepRun.Result> here() throws Exception {
    try (WardianDaemon daemon = WardianDaemon.start(folder.resolve("w"))) {
      return steps(daemon.uri(), "here");
    }
  }

  private Map<VirshStep, StepRun.Result> steps(String uri, String name)
      throws IOException, InterruptedException {
    // The same path for both: it is in what they print.
    Path work = Files.createDirectory(folder.resolve("work"));
    Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxrwxrwx"));
    StepGuest.write(work);
    try {
      return new StepRun(uri, work).run(List.of(), (step, result) -> {});
    } finally {
      Files.move(work, folder.resolve(name));
    }
  }
}
