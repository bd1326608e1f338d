package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.boot.initramfs.CpioArchive;
import org.wardian.boot.initramfs.CpioEntry;

/**
 * The drivers of a guest's devices and file systems, for Debian's kernels have them as modules: an
 * initial RAM disk that is given to the kernel behind the guest's own. They lie where {@code
 * modprobe} looks, with the two tables that it reads ({@code modules.dep} and {@code
 * modules.alias}, depmod(8)), so that a device's {@code modalias} is enough to find its driver.
 */
final class DriverArchive {
  /** Buses and devices that a machine of ours may have, and what may be on its disks. */
  private static final List<String> WANTED =
      List.of(
          "virtio_pci",
          "virtio_blk",
          "virtio_net",
          "virtio_scsi",
          "virtio_console",
          "virtio_rng",
          "virtio_balloon",
          "virtio_input",
          "vmw_vsock_virtio_transport",
          "9pnet_virtio",
          "9p",
          "ahci",
          "ata_piix",
          "sd_mod",
          "sr_mod",
          "e1000",
          "evdev",
          "crc32c_generic",
          "crc32c_intel",
          "ext4",
          "isofs",
          "squashfs",
          "vfat",
          "nls_ascii",
          "nls_cp437",
          "nls_utf8");

  private DriverArchive() {}

  /**
   * The archive of a kernel's package.
   *
   * @param kernel the package
   * @param release what {@code uname -r} says
   */
  static byte[] of(Path kernel, String release) throws IOException {
    return archive(KernelModules.of(kernel, WANTED), release).toBytes();
  }

  /**
   * The archive.
   *
   * @param modules contents by name, each behind what it needs
   * @param release what {@code uname -r} says
   */
  static CpioArchive archive(Map<String, byte[]> modules, String release) {
    String folder = "lib/modules/" + release;
    List<CpioEntry> entries = new ArrayList<>();
    entries.add(CpioEntry.directory("lib", 0755));
    entries.add(CpioEntry.directory("lib/modules", 0755));
    entries.add(CpioEntry.directory(folder, 0755));
    StringBuilder needs = new StringBuilder();
    StringBuilder aliases = new StringBuilder();
    modules.forEach((name, content) -> {
      entries.add(CpioEntry.file(folder + "/" + file(name), 0644, content));
      needs.append(file(name)).append(':');
      allNeeds(name, modules).forEach(need -> needs.append(' ').append(file(need)));
      needs.append('\n');
      for (String alias : KernelModules.aliases(content)) {
        aliases.append("alias ").append(alias).append(' ').append(name).append('\n');
      }
    });
    entries.add(text(folder + "/modules.dep", needs));
    entries.add(text(folder + "/modules.alias", aliases));
    return CpioArchive.of(entries);
  }

  /** All that a module needs, also of what it needs: the last is to be loaded first. */
  private static Set<String> allNeeds(String module, Map<String, byte[]> modules) {
    Set<String> all = new LinkedHashSet<>();
    for (String need : KernelModules.depends(modules.get(module))) {
      if (modules.containsKey(need)) {
        Set<String> beneath = allNeeds(need, modules);
        // What two need goes behind both.
        all.removeAll(beneath);
        all.add(need);
        all.addAll(beneath);
      }
    }
    return all;
  }

  private static String file(String module) {
    return module + ".ko";
  }

  private static CpioEntry text(String name, StringBuilder content) {
    return CpioEntry.file(name, 0644, content.toString().getBytes(StandardCharsets.UTF_8));
  }
}
