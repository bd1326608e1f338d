package org.wardian.conformance.debian;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.MachineConfiguration;
import org.wardian.x86.CpuModel;

/**
 * Debian's kernel for real computers with its modules, taken from the package that apt-get would
 * install: nearly all of its virtio drivers are modules.
 */
final class ModularKernel {
  /** What every virtio driver needs, in the order in which it is loaded. */
  static final List<String> VIRTIO =
      List.of(
          "virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci");

  private static final long MEMORY = 512L << 20;

  private final Path boot;
  private final Path modules;

  private ModularKernel(Path boot, Path modules) {
    this.boot = boot;
    this.modules = modules;
  }

  /** The kernel; where its package cannot be had, the test is skipped. */
  static ModularKernel fetch() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("apt-cache", "depends", "linux-image-amd64")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    Optional<String> name =
        output
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("Depends: linux-image-"))
            .map(line -> line.substring("Depends: ".length()))
            .findFirst();
    Assumptions.assumeTrue(
        process.waitFor() == 0 && name.isPresent(), "apt-get knows no linux-image-amd64 here");
    Path boot = DebianPackage.file(name.get(), "boot");
    return new ModularKernel(boot, boot.resolveSibling("lib/modules"));
  }

  private static Path find(Path folder, String begin) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(path -> path.getFileName().toString().startsWith(begin))
          .findFirst()
          .orElseThrow(() -> new IOException("no " + begin + " in " + folder));
    }
  }

  /**
   * A machine that boots it to a shell, with modules in {@code /modules}.
   *
   * @param names of modules, without their ending
   * @param more files of the initramfs
   */
  MachineConfiguration machine(
      List<String> names, List<CpioEntry> more, List<DeviceConfiguration> devices)
      throws IOException {
    List<CpioEntry> files = new ArrayList<>();
    files.add(CpioEntry.directory("modules", 0755));
    for (String name : names) {
      files.add(
          CpioEntry.file(
              "modules/" + name + ".ko", 0644, Files.readAllBytes(find(modules, name + ".ko"))));
    }
    files.addAll(more);
    return new MachineConfiguration(
            Files.readAllBytes(find(boot, "vmlinuz-")),
            Path.of("linux-image-amd64"),
            Optional.of(DefaultInitramfs.archive(busybox(), files).toBytes()),
            "console=ttyS0 panic=-1",
            MEMORY,
            1,
            CpuModel.standard(),
            Set.of(),
            true)
        .with(devices);
  }

  private static byte[] busybox() throws IOException {
    try {
      CachedImage image = ImageCache.open().ensure("debian-cloud", ProgressListener.silent());
      return image.busybox();
    } catch (CatalogueException e) {
      Assumptions.assumeFalse(
          e.kind() == CatalogueException.Kind.OFFLINE,
          () -> "neither in the cache nor to be fetched: " + e.getMessage());
      throw e;
    }
  }

  /** Loads modules in their order. */
  static void load(GuestShell shell, List<String> names) throws InterruptedException {
    for (String name : names) {
      shell.run("insmod /modules/" + name + ".ko").text();
    }
  }
}
