package org.wardian.host.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.Errno;
import org.wardian.host.HostException;

class KvmTest {
  private static final int IA32_EFER = 0xc000_0080;

  @BeforeEach
  void onLinux() {
    assumeTrue(System.getProperty("os.name").startsWith("Linux"), "KVM needs Linux");
  }

  @Test
  void whatEveryMonitorNeedsIsThere() {
    try (Kvm kvm = TinyGuest.open()) {
      kvm.require(
          KvmCapability.USER_MEMORY,
          KvmCapability.EXT_CPUID,
          KvmCapability.MP_STATE,
          KvmCapability.IMMEDIATE_EXIT);
      assertThat(kvm.capability(KvmCapability.NR_MEMSLOTS)).isGreaterThan(8);
      assertThat(kvm.capability(KvmCapability.MAX_VCPUS)).isPositive();
    }
  }

  @Test
  void missingCapabilitiesAreAllNamedWithTheirPurposeAndVersion() {
    try (Kvm kvm = TinyGuest.open()) {
      List<KvmCapability> missing =
          Arrays.stream(KvmCapability.values())
              .filter(capability -> kvm.capability(capability) == 0)
              .toList();
      assumeTrue(missing.size() >= 2, "this KVM has everything");
      assertThatThrownBy(
              () -> kvm.require(missing.get(0), KvmCapability.USER_MEMORY, missing.get(1)))
          .isInstanceOf(HostException.class)
          .hasMessageContaining(missing.get(0).header())
          .hasMessageContaining(missing.get(0).purpose())
          .hasMessageContaining("since Linux " + missing.get(1).since())
          .hasMessageContaining(missing.get(1).header())
          .hasMessageNotContaining("USER_MEMORY");
    }
  }

  @Test
  void theProcessorsLeavesAreListed() {
    try (Kvm kvm = TinyGuest.open()) {
      List<CpuidEntry> entries = kvm.supportedCpuid();
      assertThat(entries).extracting(CpuidEntry::function).contains(0, 1, 0x8000_0001);
      CpuidEntry features =
          entries.stream().filter(entry -> entry.function() == 1).findFirst().orElseThrow();
      assertThat(features.edx() & 1).as("CPUID.1:EDX.FPU").isEqualTo(1);
      Set<Long> keys = new HashSet<>();
      for (CpuidEntry entry : entries) {
        assertThat(keys.add((long) entry.function() << 32 | entry.index()))
            .as("%s", entry)
            .isTrue();
      }
    }
  }

  @Test
  void theMsrsOfAVcpuAreListed() {
    try (Kvm kvm = TinyGuest.open()) {
      assertThat(kvm.msrIndices()).contains(0x10, 0x174, 0x175, 0x176);
    }
  }

  @Test
  void featureMsrsHaveValuesAndOthersAreRefused() {
    try (Kvm kvm = TinyGuest.open()) {
      kvm.require(KvmCapability.GET_MSR_FEATURES);
      for (int index : kvm.featureMsrIndices()) {
        // Any value is right: that the kernel gives one is the point.
        kvm.featureMsr(index);
      }
      assertThatThrownBy(() -> kvm.featureMsr(IA32_EFER))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("0xc0000080");
    }
  }

  @Test
  void anAbsentDeviceNamesTheModuleOrTheFirmware(@TempDir Path directory) {
    assertThatThrownBy(() -> Kvm.open(directory.resolve("kvm")))
        .isInstanceOfSatisfying(
            HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessageContaining("No such file")
        .hasMessageMatching("(?s).*(modprobe|load the module).*");
  }

  @Test
  void aForbiddenDeviceNamesItsGroup(@TempDir Path directory) throws IOException {
    assumeFalse("root".equals(System.getProperty("user.name")), "root may open everything");
    Path device = Files.createFile(directory.resolve("kvm"));
    Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("---------"));
    assertThatThrownBy(() -> Kvm.open(device))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("usermod -aG");
  }

  @Test
  void theRemedyForMissingPermissionNamesTheOwningGroup(@TempDir Path directory)
      throws IOException {
    Path device = Files.createFile(directory.resolve("kvm"));
    String group = Files.readAttributes(device, PosixFileAttributes.class).group().getName();
    assertThat(Failure.ofOpen(device, Errno.EACCES))
        .hasMessageContaining("usermod -aG " + (group.equals("root") ? "kvm" : group))
        .hasMessageContaining("Permission denied");
  }

  @Test
  void aFileThatIsNotKvmIsRefused() {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.isWritable(device), "/dev/null is not there");
    assertThatThrownBy(() -> Kvm.open(device))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("KVM_GET_API_VERSION")
        .hasMessageContaining("not the device of KVM");
  }

  @Test
  void aTakenExtensionIsBlamedOnTheOtherHypervisor() {
    for (int errno : new int[] {Errno.EBUSY, Errno.ENODEV, Errno.EOPNOTSUPP}) {
      assertThat(Failure.ofCreateVm(errno)).hasMessageContaining("another hypervisor");
    }
  }

  @Test
  void nothingWorksAfterClose() {
    Kvm kvm = TinyGuest.open();
    kvm.close();
    kvm.close();
    assertThatThrownBy(kvm::supportedCpuid)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("/dev/kvm is closed");
    assertThatThrownBy(kvm::createVm).isInstanceOf(IllegalStateException.class);
  }
}
