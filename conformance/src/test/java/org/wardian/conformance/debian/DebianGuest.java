package org.wardian.conformance.debian;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.wardian.boot.BootProtocol;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.platform.Translator;
import org.wardian.x86.CpuModel;

/**
 * A Debian guest of the catalogue and the machine that it is to run on. Immutable: each {@code
 * with} gives another one.
 *
 * @param name the guest's name in the catalogue
 * @param memoryBytes the machine's RAM
 * @param cpuModel the machine's processor
 * @param parameters words for the kernel's command line, behind the console's
 * @param protocol how the kernel is entered
 * @param files what the initramfs holds besides busybox
 * @param processors how many the machine has
 * @param translator how our own processor executes it
 * @param devices what is in its PCI slots
 */
public record DebianGuest(
    String name,
    long memoryBytes,
    CpuModel cpuModel,
    String parameters,
    BootProtocol protocol,
    List<CpioEntry> files,
    int processors,
    Translator translator,
    List<DeviceConfiguration> devices) {
  private static final long MEMORY = 512L << 20;

  /** The guest on the machine that {@code ward run} gives it. */
  public static DebianGuest named(String name) {
    return new DebianGuest(
        name,
        MEMORY,
        CpuModel.standard(),
        "",
        BootProtocol.AUTO,
        List.of(),
        1,
        Translator.AUTO,
        List.of());
  }

  /** The kernel for virtual machines: the default guest. */
  public static DebianGuest cloud() {
    return named("debian-cloud");
  }

  /** This guest with so much RAM. */
  public DebianGuest withMemory(long bytes) {
    return new DebianGuest(
        name, bytes, cpuModel, parameters, protocol, files, processors, translator, devices);
  }

  /** This guest on another processor. */
  public DebianGuest withCpuModel(String model) {
    return new DebianGuest(
        name,
        memoryBytes,
        CpuModel.named(model),
        parameters,
        protocol,
        files,
        processors,
        translator,
        devices);
  }

  /** This guest with these words on the kernel's command line. */
  public DebianGuest withParameters(String words) {
    return new DebianGuest(
        name, memoryBytes, cpuModel, words, protocol, files, processors, translator, devices);
  }

  /** This guest, its kernel entered so. */
  public DebianGuest withProtocol(BootProtocol entry) {
    return new DebianGuest(
        name, memoryBytes, cpuModel, parameters, entry, files, processors, translator, devices);
  }

  /** This guest with more files; folders come before what they hold. */
  public DebianGuest withFiles(List<CpioEntry> entries) {
    return new DebianGuest(
        name,
        memoryBytes,
        cpuModel,
        parameters,
        protocol,
        List.copyOf(entries),
        processors,
        translator,
        devices);
  }

  /** This guest on so many processors. */
  public DebianGuest withProcessors(int count) {
    return new DebianGuest(
        name, memoryBytes, cpuModel, parameters, protocol, files, count, translator, devices);
  }

  /** This guest, executed so. */
  public DebianGuest withTranslator(Translator choice) {
    return new DebianGuest(
        name, memoryBytes, cpuModel, parameters, protocol, files, processors, choice, devices);
  }

  /** This guest with these devices. */
  public DebianGuest with(List<DeviceConfiguration> others) {
    return new DebianGuest(
        name,
        memoryBytes,
        cpuModel,
        parameters,
        protocol,
        files,
        processors,
        translator,
        List.copyOf(others));
  }

  /**
   * This guest with modules of its kernel's package in {@code /modules}. Where the package cannot
   * be had, the test is skipped.
   *
   * @param paths below the package's folder {@code kernel}
   */
  public DebianGuest withModules(String... paths) throws IOException, InterruptedException {
    String release = image().manifest().kernelRelease();
    Path folder =
        DebianPackage.file("linux-image-" + release, "lib/modules/" + release + "/kernel");
    List<CpioEntry> entries = new ArrayList<>(files);
    entries.add(CpioEntry.directory("modules", 0755));
    for (String path : paths) {
      Path module = folder.resolve(path);
      byte[] content = Files.readAllBytes(module);
      entries.add(CpioEntry.file("modules/" + module.getFileName(), 0644, content));
    }
    return withFiles(entries);
  }

  private CachedImage image() throws CatalogueException {
    try {
      return ImageCache.open().ensure(name, ProgressListener.silent());
    } catch (CatalogueException e) {
      Assumptions.assumeFalse(
          e.kind() == CatalogueException.Kind.OFFLINE,
          () -> name + " is neither in the cache nor can it be fetched: " + e.getMessage());
      throw e;
    }
  }

  /**
   * The machine's configuration, with what the user's own cache has, or what is fetched into it.
   * Without both a network and a cache there is nothing to test: the test is then skipped.
   *
   * @throws CatalogueException where what was fetched or cached is wrong
   */
  public MachineConfiguration configuration() throws CatalogueException {
    CachedImage image = image();
    return new MachineConfiguration(
            image.kernel(),
            Path.of(name),
            Optional.of(DefaultInitramfs.archive(image.busybox(), files).toBytes()),
            // As ward run has it: a panic resets, which ends the machine.
            ("console=ttyS0 panic=-1 " + parameters).strip(),
            memoryBytes,
            processors,
            cpuModel,
            Set.of(),
            true)
        .entered(protocol)
        .with(translator)
        .with(devices);
  }
}
