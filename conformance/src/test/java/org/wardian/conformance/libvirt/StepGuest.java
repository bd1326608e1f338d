package org.wardian.conformance.libvirt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.wardian.boot.initramfs.CpioArchive;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.conformance.debian.DebianPackage;

/**
 * The guest that the steps are made with: Debian's cloud kernel with its virtio drivers, busybox
 * and Debian's guest agent, all out of their packages, in an initramfs. It writes {@link #READY} to
 * its first serial port.
 */
public final class StepGuest {
  /** What the guest says when it can be used. */
  public static final String READY = "GUEST-READY";

  /** What a guest needs to hear the power button. */
  private static final List<String> BUTTON = List.of("button", "evdev");

  /** In an order in which they can be loaded. */
  private static final List<String> MODULES =
      List.of(
          "virtio_ring",
          "virtio",
          "virtio_pci_legacy_dev",
          "virtio_pci_modern_dev",
          "virtio_pci",
          "virtio_blk",
          "failover",
          "net_failover",
          "virtio_net",
          "virtio_balloon",
          "virtio_console",
          "rng-core",
          "virtio-rng",
          "scsi_common",
          "scsi_mod",
          "virtio_scsi",
          "cdrom",
          "sr_mod",
          "button",
          "evdev");

  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x");

  private StepGuest() {}

  /** Writes {@code vmlinuz} and {@code initrd.gz} into a folder, or skips the test. */
  static void write(Path folder) throws IOException, InterruptedException {
    Path agent = DebianPackage.file("qemu-guest-agent", "usr/sbin/qemu-ga");
    List<CpioEntry> files = new ArrayList<>();
    Set<String> folders = new LinkedHashSet<>();
    add(files, folders, "usr/bin/qemu-ga", 0755, Files.readAllBytes(agent));
    for (String library : libraries(agent)) {
      add(files, folders, library.substring(1), 0755, Files.readAllBytes(Path.of(library)));
    }
    write(folder, MODULES, files, folders);
  }

  /**
   * The same without agent and drivers, for machines of 80 MiB: it prints that it is ready, and
   * switches off when the power button is pressed.
   */
  public static void writeSmall(Path folder) throws IOException, InterruptedException {
    write(folder, BUTTON, new ArrayList<>(), new LinkedHashSet<>());
  }

  private static void write(
      Path folder, List<String> wanted, List<CpioEntry> files, Set<String> folders)
      throws IOException, InterruptedException {
    Path boot = DebianPackage.file(cloudKernel(), "boot");
    Files.copy(find(boot, "vmlinuz-"), folder.resolve("vmlinuz"));
    Path modules = boot.resolveSibling("lib/modules");
    Path busybox = DebianPackage.file("busybox-static", "bin/busybox");
    add(files, folders, "dev/.keep", 0644, new byte[0]);
    files.add(CpioEntry.characterDevice("dev/console", 0600, 5, 1));
    add(files, folders, "init", 0755, resource("init.sh"));
    add(files, folders, "bin/lease", 0755, resource("lease.sh"));
    add(files, folders, "sbin/shutdown", 0755, resource("shutdown.sh"));
    add(files, folders, "bin/busybox", 0755, Files.readAllBytes(busybox));
    files.add(CpioEntry.symbolicLink("bin/sh", "busybox"));
    files.add(CpioEntry.symbolicLink("bin/mkdir", "busybox"));
    add(files, folders, "etc/passwd", 0644, "root:x:0:0:root:/root:/bin/sh\n".getBytes(UTF_8));
    add(files, folders, "etc/group", 0644, "root:x:0:\n".getBytes(UTF_8));
    StringBuilder order = new StringBuilder();
    for (String name : wanted) {
      Path module = findOrNull(modules, name + ".ko");
      if (module != null) {
        add(files, folders, "modules/" + name + ".ko", 0644, Files.readAllBytes(module));
        order.append(name).append(".ko\n");
      }
    }
    add(files, folders, "modules/order", 0644, order.toString().getBytes(UTF_8));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(CpioArchive.of(files).toBytes());
    }
    Files.write(folder.resolve("initrd.gz"), packed.toByteArray());
  }

  private static void add(
      List<CpioEntry> files, Set<String> folders, String name, int permissions, byte[] content) {
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      if (folders.add(name.substring(0, slash))) {
        files.add(CpioEntry.directory(name.substring(0, slash), 0755));
      }
    }
    files.add(CpioEntry.file(name, permissions, content));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = StepGuest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static String cloudKernel() throws IOException, InterruptedException {
    String depends = output("apt-cache", "depends", "linux-image-cloud-amd64");
    return depends
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("Depends: linux-image-"))
        .map(line -> line.substring("Depends: ".length()))
        .findFirst()
        .orElseThrow(() -> new IOException("apt-get knows no linux-image-cloud-amd64"));
  }

  private static List<String> libraries(Path program) throws IOException, InterruptedException {
    List<String> libraries = new ArrayList<>();
    Matcher matcher = LIBRARY.matcher(output("ldd", program.toString()));
    while (matcher.find()) {
      libraries.add(matcher.group(1));
    }
    return libraries;
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return output;
  }

  private static Path find(Path folder, String begin) throws IOException {
    Path found = findOrNull(folder, begin);
    if (found == null) {
      throw new IOException("no " + begin + " in " + folder);
    }
    return found;
  }

  private static Path findOrNull(Path folder, String begin) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(path -> path.getFileName().toString().startsWith(begin))
          .findFirst()
          .orElse(null);
    }
  }
}
