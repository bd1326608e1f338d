package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is wrong with the host's KVM, ward says what and what to do, leaves with the status that
 * is meant for it, and leaves nothing behind.
 */
class BadKvmTest {
  private static final int UNAVAILABLE = 9;
  private static final int ACCELERATOR_FAILED = 12;

  private static final String CREATE_VM = "0xae01";
  private static final String CHECK_EXTENSION = "0xae03";
  private static final String CREATE_VCPU = "0xae41";
  private static final String SET_USER_MEMORY_REGION = "0x4020ae46";
  private static final String RUN = "0xae80";

  private static final int EIO = 5;
  private static final int ENOMEM = 12;
  private static final int EBUSY = 16;
  private static final int EINVAL = 22;

  @TempDir private Path folder;
  private WardProcess.Start ward;
  private String guest;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
    guest = new TinyGuest().print("hello\r\n").powerOff().in(folder);
  }

  @AfterEach
  void nothingIsLeftRunning() {
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(process -> process.info().commandLine().orElse("").contains(folder.toString()));
  }

  private WardProcess run(String kernel, String... more) throws IOException {
    return ward.run(
        Stream.concat(
                // The least model: what this KVM can do is not what is tested.
                Stream.of("run", "--kernel", kernel, "--cpu-model", "x86-64-v1"), Stream.of(more))
            .toArray(String[]::new));
  }

  /** Runs ward on KVM, and checks the form of its refusal. */
  private String refusal(String... more) throws Exception {
    List<String> arguments =
        Stream.concat(Stream.of("--accelerator", "kvm"), Stream.of(more)).toList();
    try (WardProcess process = run(guest, arguments.toArray(String[]::new))) {
      assertThat(process.status()).as(process.err()).isEqualTo(UNAVAILABLE);
      assertThat(process.out()).isEmpty();
      assertThat(process.err()).startsWith("ward: ").doesNotContain("Exception");
      assertThat(process.err().lines().filter(line -> !line.contains("warning"))).hasSize(1);
      assertThat(ward.temporary()).isEmptyDirectory();
      return process.err();
    }
  }

  /** With a host's KVM that is as it should be, and a kernel that refuses something of it. */
  @Nested
  class Refused {
    @BeforeEach
    void kvm() {
      assumeTrue(System.getProperty("os.arch").equals("amd64"), "system calls have other numbers");
      assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "this host lends no KVM");
      ward.by(RefusingKernel.class);
    }

    private void refuse(String request, int errno) {
      ward.environment(RefusingKernel.RULE, request + "=" + errno);
    }

    @Test
    void anOldInterface() throws Exception {
      // The answer to "which version?" is 0.
      refuse("0xae00", 0);

      assertThat(refusal()).contains("speaks version 0").contains("--accelerator software");
    }

    @Test
    void aMissingCapability() throws Exception {
      refuse(CHECK_EXTENSION + ":121", 0);

      assertThat(refusal())
          .contains("KVM_CAP_SPLIT_IRQCHIP")
          .contains("since Linux 4.4")
          .contains("--accelerator software");
    }

    @Test
    void aProcessorThatAnotherHypervisorHolds() throws Exception {
      refuse(CREATE_VM, EBUSY);

      assertThat(refusal()).contains("KVM_CREATE_VM").contains("another hypervisor");
    }

    @Test
    void moreProcessorsThanGranted() throws Exception {
      refuse(CREATE_VCPU, EINVAL);

      assertThat(refusal()).contains("KVM_CREATE_VCPU").contains("at most");
    }

    @Test
    void moreMemoryThanGranted() throws Exception {
      refuse(SET_USER_MEMORY_REGION, ENOMEM);

      assertThat(refusal()).contains("KVM_SET_USER_MEMORY_REGION").contains("memory");
    }

    @Test
    void softwareIsTakenInstead() throws Exception {
      refuse(CREATE_VM, EBUSY);

      try (WardProcess process = run(guest, "--json")) {
        assertThat(process.status()).as(process.err()).isZero();
        assertThat(process.out()).isEqualTo("hello\r\n");
        assertThat(process.err())
            .contains("\"accelerator\":\"software\"")
            .contains("KVM_CREATE_VM");
      }
    }

    @Test
    void theDoctorSaysWhy() throws Exception {
      refuse(CHECK_EXTENSION + ":121", 0);

      try (WardProcess process = ward.run("doctor", "--json")) {
        assertThat(process.status()).as(process.err()).isZero();
        assertThat(process.out())
            .contains("\"accelerator\" : \"software\"")
            .contains("KVM_CAP_SPLIT_IRQCHIP");
      }
    }

    @Test
    void kvmTakenAwayWhileTheGuestRuns() throws Exception {
      Path now = folder.resolve("now");
      refuse(RUN, EIO);
      ward.environment(RefusingKernel.WHEN, now.toString());
      String kernel = new TinyGuest().print("hello\r\n").spin().in(folder);

      try (WardProcess process = run(kernel, "--accelerator", "kvm")) {
        process.awaitOut("hello\r\n");
        Files.createFile(now);
        assertThat(process.status()).as(process.err()).isEqualTo(ACCELERATOR_FAILED);
        assertThat(process.err())
            .contains("KVM_RUN")
            .contains("took back")
            .doesNotContain("Exception");
        assertThat(ward.temporary()).isEmptyDirectory();
      }
    }
  }

  @Test
  void anAcceleratorThatGivesUpShowsWhereAndWhy() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "this host lends no KVM");
    String kernel = new TinyGuest().print("hello\r\n").leaveMemory().in(folder);

    try (WardProcess process = run(kernel, "--accelerator", "kvm", "--json")) {
      assertThat(process.status()).as(process.err()).isEqualTo(ACCELERATOR_FAILED);
      assertThat(process.out()).isEqualTo("hello\r\n");
      assertThat(process.err())
          .containsIgnoringCase("rip")
          .contains("d0000000")
          .contains("--accelerator software")
          .contains("\"status\":12")
          .contains("\"accelerator\":\"kvm\"");
    }
  }

  @Test
  void moreMemoryThanTheProcessMayHave() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "this host lends no KVM");
    ward.by("/bin/sh", "-c", "ulimit -v 100000000; exec \"$@\"", "sh");

    assertThat(refusal("--memory", "400G")).contains("mmap").contains("ulimit -v");
  }

  /** With another /dev, in a mount namespace, which takes root. */
  @Nested
  class AnotherDevice {
    @BeforeEach
    void root() {
      assumeTrue("root".equals(System.getProperty("user.name")), "only root can mount");
    }

    /** Runs ward after {@code commands}, which see a folder that no one else sees in $dev. */
    private void in(String commands) throws IOException {
      Path dev = Files.createDirectory(folder.resolve("dev"));
      ward.by(
          "unshare",
          "--mount",
          "/bin/sh",
          "-ec",
          "dev=" + dev + "; mount -t tmpfs none $dev; " + commands + "; exec \"$@\"",
          "sh");
    }

    /** A /dev without kvm. */
    private static final String REST =
        "for n in null zero random urandom tty; do touch $dev/$n; mount --bind /dev/$n $dev/$n;"
            + " done; mount --rbind $dev /dev";

    @Test
    void none() throws Exception {
      in(REST);

      assertThat(refusal())
          .contains("/dev/kvm")
          .contains("No such file")
          .contains("--accelerator software");
    }

    @Test
    void noneNeedNotBe() throws Exception {
      in(REST);

      try (WardProcess process = run(guest)) {
        assertThat(process.status()).as(process.err()).isZero();
        assertThat(process.out()).isEqualTo("hello\r\n");
        assertThat(process.err()).isEmpty();
      }
    }

    @Test
    void oneThatIsAFile() throws Exception {
      in("touch $dev/kvm; " + REST);

      assertThat(refusal()).contains("/dev/kvm").contains("not the device of KVM");
    }

    @Test
    void oneThatIsAnother() throws Exception {
      in("touch $dev/kvm; mount --bind /dev/null $dev/kvm; " + REST);

      assertThat(refusal()).contains("/dev/kvm").contains("not the device of KVM");
    }

    @Test
    void oneThatMayNotBeOpened() throws Exception {
      in("mknod -m 0 $dev/kvm c 10 232; chown 0:65534 $dev/kvm; " + REST);
      // Root may open everything, unless it gives this power away.
      ward.by("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override");

      assertThat(refusal())
          .contains("Permission denied")
          .contains("usermod -aG")
          .contains("--accelerator software");
    }
  }
}
