package org.wardian.conformance.firmware;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.conformance.debian.DebianPackage;
import org.wardian.machine.DeviceConfiguration.DiskBus;

/** memtest86+ starts from its disc, finds two processors, and no error in a whole pass. */
@Tag("slow")
@Timeout(3600)
class MemoryTesterTest {
  private static final long MEMORY = 24L << 20;

  @Test
  void passesOnTwoProcessors() throws Exception {
    Path disc = DebianPackage.file("memtest86+", "usr/lib/memtest86+/memtest86+x64.iso");
    PcParts parts = new PcParts("memtest").memory(MEMORY).processors(2);
    try (Pc pc = parts.cdrom(DiskBus.AHCI, disc).start()) {
      pc.awaitScreen("CPU: 2 Cores 2 Threads");
      pc.awaitScreen("Status: Pass");
      pc.awaitScreen("Pass:  1        Errors: 0 ");
    }
  }
}
