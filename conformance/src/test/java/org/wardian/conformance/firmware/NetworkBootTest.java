package org.wardian.conformance.firmware;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.conformance.debian.DebianPackage;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.network.nat.NatConfiguration;

/** Machines without a disk: address by DHCP, loader and its files by TFTP, from our own NAT. */
@Timeout(900)
class NetworkBootTest {
  @TempDir private Path folder;

  private NatConfiguration network(String bootFile) {
    return NatConfiguration.builder().tftpFolder(folder).bootFile(bootFile).build();
  }

  /** A PC whose card's option ROM is iPXE of Debian's package. */
  private PcParts parts(String name, CardModel model, String bootFile) throws Exception {
    String device = model == CardModel.E1000 ? "8086,100e" : "1af4,1000";
    String rom = "usr/lib/ipxe/qemu/pxe-" + model.name().toLowerCase(Locale.ROOT) + ".rom";
    return new PcParts(name + "-" + model)
        .card(model, network(bootFile))
        .file("pci" + device + ".rom", DebianPackage.file("ipxe-qemu", rom));
  }

  @ParameterizedTest
  @EnumSource(CardModel.class)
  void ipxeRunsAScript(CardModel model) throws Exception {
    Files.writeString(
        folder.resolve("start.ipxe"),
        """
        #!ipxe
        echo The address is ${net0/ip}, and this came from ${next-server}.
        shell
        """);
    try (Pc pc = parts("ipxe", model, "start.ipxe").start()) {
      pc.awaitScreen("The address is 10.0.2.15, and this came from 10.0.2.2.");
      pc.awaitScreen("iPXE>");
    }
  }

  @ParameterizedTest
  @EnumSource(CardModel.class)
  void pxelinuxFindsItsConfiguration(CardModel model) throws Exception {
    Path loader = DebianPackage.file("pxelinux", "usr/lib/PXELINUX/pxelinux.0");
    Files.copy(loader, folder.resolve("pxelinux.0"));
    Path modules = DebianPackage.file("syslinux-common", "usr/lib/syslinux/modules/bios");
    Files.copy(modules.resolve("ldlinux.c32"), folder.resolve("ldlinux.c32"));
    Path configuration = Files.createDirectory(folder.resolve("pxelinux.cfg")).resolve("default");
    Files.writeString(configuration, "SAY this is the network\nPROMPT 1\nDEFAULT none\n");
    try (Pc pc = parts("pxelinux", model, "pxelinux.0").start()) {
      pc.awaitScreen("this is the network");
      pc.awaitScreen("boot:");
      pc.type("nothing\n");
      pc.awaitScreen("Loading nothing... failed: No such file");
    }
  }
}
