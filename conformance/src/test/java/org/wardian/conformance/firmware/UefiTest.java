package org.wardian.conformance.firmware;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.conformance.debian.DebianPackage;

/** OVMF of Debian's package, to its shell. */
@Timeout(900)
class UefiTest {
  @Test
  void reachesItsShell() throws Exception {
    Path code = DebianPackage.file("ovmf", "usr/share/OVMF/OVMF_CODE_4M.fd");
    try (Pc pc = new PcParts("ovmf").uefi(code, code.resolveSibling("OVMF_VARS_4M.fd")).start()) {
      pc.awaitSerial("Shell>");
      pc.typeSerial("ver\r");
      pc.awaitSerial("UEFI Interactive Shell v2");
    }
  }
}
