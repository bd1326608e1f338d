package org.wardian.boot.initramfs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a Debian kernel needs before it can see a disk, for its drivers are modules: a static
 * busybox, the modules, and a first program that loads them. One kind goes on to the system on the
 * disk; the other makes that system from packages.
 */
public final class DiskInitramfs {
  private static final int MEMORY_DEVICES = 1;
  private static final int CONSOLE_DEVICES = 5;

  private DiskInitramfs() {}

  /**
   * Mounts the root file system that the kernel's parameter {@code root=} names, read-only, and
   * goes on with its {@code /sbin/init}.
   *
   * @param busybox a statically linked busybox of the guest's architecture
   * @param modules contents by name, in the order in which they are to be loaded
   */
  public static byte[] boot(byte[] busybox, Map<String, byte[]> modules) {
    return archive(busybox, modules, "disk-init", List.of());
  }

  /**
   * Makes a root file system on the first disk out of the packages on the second, tells on the
   * console how that goes, and powers off.
   *
   * @param busybox a statically linked busybox of the guest's architecture
   * @param modules contents by name, in the order in which they are to be loaded
   * @param settings files of the new system beside those of its packages, by path without leading
   *     slash
   */
  public static byte[] build(
      byte[] busybox, Map<String, byte[]> modules, Map<String, String> settings) {
    List<CpioEntry> further = new ArrayList<>();
    further.add(CpioEntry.directory("settings", 0755));
    List<String> folders = new ArrayList<>();
    settings.forEach((path, text) -> {
      for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        String folder = path.substring(0, at);
        if (!folders.contains(folder)) {
          folders.add(folder);
          further.add(CpioEntry.directory("settings/" + folder, 0755));
        }
      }
      further.add(CpioEntry.file("settings/" + path, 0644, text.getBytes(StandardCharsets.UTF_8)));
    });
    return archive(busybox, modules, "build-init", further);
  }

  private static byte[] archive(
      byte[] busybox, Map<String, byte[]> modules, String init, List<CpioEntry> further) {
    List<CpioEntry> entries = new ArrayList<>();
    for (String folder : List.of("bin", "dev", "modules", "proc", "root", "run", "sys", "tmp")) {
      entries.add(CpioEntry.directory(folder, 0755));
    }
    // The kernel opens the console for /init before anything is mounted.
    entries.add(CpioEntry.characterDevice("dev/console", 0600, CONSOLE_DEVICES, 1));
    entries.add(CpioEntry.characterDevice("dev/null", 0666, MEMORY_DEVICES, 3));
    entries.add(CpioEntry.file("bin/busybox", 0755, busybox));
    entries.add(CpioEntry.symbolicLink("bin/sh", "busybox"));
    entries.add(CpioEntry.file("init", 0755, resource(init)));
    StringBuilder order = new StringBuilder();
    modules.forEach((name, content) -> {
      order.append(name).append('\n');
      entries.add(CpioEntry.file("modules/" + name + ".ko", 0644, content));
    });
    byte[] names = order.toString().getBytes(StandardCharsets.US_ASCII);
    entries.add(CpioEntry.file("modules/order", 0644, names));
    entries.addAll(further);
    return CpioArchive.of(entries).toBytes();
  }

  private static byte[] resource(String name) {
    try (InputStream in = DiskInitramfs.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the resource " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + name, e);
    }
  }
}
