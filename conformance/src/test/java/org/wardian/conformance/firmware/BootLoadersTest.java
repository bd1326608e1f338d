package org.wardian.conformance.firmware;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.conformance.debian.DebianPackage;
import org.wardian.machine.DeviceConfiguration.DiskBus;

/** Boot loaders of Debian's packages, through SeaBIOS: each to its prompt, where it answers. */
@Timeout(900)
class BootLoadersTest {
  private static final String GRUB = "usr/lib/grub-rescue/";

  @TempDir private Path folder;

  private static Path grub(String image) throws Exception {
    return DebianPackage.file("grub-rescue-pc", GRUB + image);
  }

  /** GRUB's shell lists the drives that it finds. */
  private static void assertGrub(PcParts parts, String drive) throws Exception {
    try (Pc pc = parts.start()) {
      pc.awaitScreen("`c' for a command-line");
      pc.type("c");
      pc.awaitScreen("grub>");
      pc.type("ls\n");
      pc.awaitScreen(drive);
    }
  }

  @Test
  void grubsRescueFloppy() throws Exception {
    assertGrub(new PcParts("grub-floppy").floppy(grub("grub-rescue-floppy.img")), "(fd0)");
  }

  @ParameterizedTest
  @EnumSource(
      value = DiskBus.class,
      names = {"IDE", "AHCI"})
  void grubsRescueDisc(DiskBus bus) throws Exception {
    assertGrub(new PcParts("grub-disc-" + bus).cdrom(bus, grub("grub-rescue-cdrom.iso")), "(cd");
  }

  @ParameterizedTest
  @EnumSource(DiskBus.class)
  void grubsRescueStickAsADisk(DiskBus bus) throws Exception {
    assertGrub(new PcParts("grub-disk-" + bus).disk(bus, grub("grub-rescue-usb.img")), "(hd0");
  }

  @ParameterizedTest
  @EnumSource(
      value = DiskBus.class,
      names = {"IDE", "VIRTIO"})
  void syslinuxOnAPartition(DiskBus bus) throws Exception {
    Path disk =
        SyslinuxDisk.make(folder, "SAY this is the disk\nPROMPT 1\nTIMEOUT 0\nDEFAULT none\n");
    try (Pc pc = new PcParts("syslinux-" + bus).disk(bus, disk).start()) {
      pc.awaitScreen("this is the disk");
      pc.awaitScreen("boot:");
      pc.type("nothing\n");
      pc.awaitScreen("Loading nothing... failed: No such file");
    }
  }

  /** The disc starts by isolinux, which loads iPXE from the disc's file system. */
  @Test
  void isolinuxAndIpxesShell() throws Exception {
    Path disc = DebianPackage.file("ipxe", "usr/lib/ipxe/ipxe.iso");
    try (Pc pc = new PcParts("ipxe-disc").cdrom(DiskBus.AHCI, disc).start()) {
      pc.awaitScreen("Press Ctrl-B for the iPXE command line");
      pc.control('b');
      pc.awaitScreen("iPXE>");
      pc.type("cpuid --ext 29 && echo a processor of ${buildarch}\n");
      pc.awaitScreen("a processor of i386");
    }
  }
}
