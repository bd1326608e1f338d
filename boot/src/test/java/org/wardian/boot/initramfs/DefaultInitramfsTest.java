package org.wardian.boot.initramfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DefaultInitramfsTest {
  private static final byte[] BUSYBOX = {0x7f, 'E', 'L', 'F'};

  private static CpioEntry entry(String name) throws IOException {
    return CpioArchive.read(DefaultInitramfs.build(BUSYBOX)).find(name).orElseThrow();
  }

  @Test
  void holdsBusyboxAndAnInitThatBecomesBusyboxInit() throws IOException {
    assertThat(entry("bin/busybox").content()).isEqualTo(BUSYBOX);
    assertThat(entry("bin/busybox").permissions()).isEqualTo(0755);
    assertThat(entry("bin/sh").text()).isEqualTo("busybox");
    assertThat(entry("init").permissions()).isEqualTo(0755);
    assertThat(entry("init").text())
        .startsWith("#!/bin/busybox sh\n")
        .endsWith("exec /sbin/init\n")
        .doesNotContain("\r");
    assertThat(entry("etc/inittab").text()).contains("::once:/etc/init.d/console\n");
  }

  @Test
  void holdsTheDevicesThatTheKernelOpensBeforeAnythingIsMounted() throws IOException {
    CpioEntry console = entry("dev/console");
    assertThat(console.kind()).isEqualTo(CpioEntry.CHARACTER_DEVICE);
    assertThat(console.deviceMajor()).isEqualTo(5);
    assertThat(console.deviceMinor()).isEqualTo(1);
    assertThat(entry("dev/null").deviceMinor()).isEqualTo(3);
  }

  @Test
  void readsTheParametersThatItDocuments() throws IOException {
    assertThat(entry("etc/init.d/console").text())
        .contains(DefaultInitramfs.ROWS_PARAMETER + "=*)")
        .contains(DefaultInitramfs.COLUMNS_PARAMETER + "=*)")
        .contains(DefaultInitramfs.TERMINAL_PARAMETER + "=*)");
  }

  @Test
  void promptsAsItDocuments() throws IOException {
    assertThat(entry("etc/profile").text()).contains("PS1='\\h:\\w\\$ '");
    assertThat(entry("etc/hostname").text().strip() + ":~# ").isEqualTo(DefaultInitramfs.PROMPT);
  }

  @Test
  void namesEachFolderBeforeWhatItHolds() {
    List<CpioEntry> further = new ArrayList<>();
    further.add(CpioEntry.directory("opt", 0755));
    further.add(CpioEntry.file("opt/tool", 0755, new byte[] {1}));
    Set<String> folders = new HashSet<>();
    for (CpioEntry entry : DefaultInitramfs.archive(BUSYBOX, further).entries()) {
      int slash = entry.name().lastIndexOf('/');
      if (slash > 0) {
        assertThat(folders).contains(entry.name().substring(0, slash));
      }
      if (entry.kind() == CpioEntry.DIRECTORY) {
        folders.add(entry.name());
      }
    }
    assertThat(folders).contains("proc", "sys", "dev", "root", "opt");
  }

  @Test
  void isTheSameEachTime() {
    assertThat(DefaultInitramfs.build(BUSYBOX)).isEqualTo(DefaultInitramfs.build(BUSYBOX));
  }
}
