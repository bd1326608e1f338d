package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.wardian.boot.initramfs.DiskInitramfs;
import org.wardian.boot.seed.IsoWriter;
import org.wardian.boot.seed.RewritableStream;

/** Turns a system's definition and an archive into what a machine needs to make its disk. */
final class SystemPreparation {
  private static final Pattern KERNEL_PATH = Pattern.compile("boot/vmlinuz-[^/]+");
  private static final Pattern BUSYBOX_PATH = Pattern.compile("(usr/)?bin/busybox");
  private static final int MAX_KERNEL_BYTES = 128 << 20;
  private static final int MAX_BUSYBOX_BYTES = 16 << 20;
  private static final String BUSYBOX = "busybox-static";

  /** Has mke2fs; it and what it needs are unpacked before there is a disk to unpack to. */
  private static final String FORMATTER = "e2fsprogs";

  /** What a machine must load to see its root file system. */
  private static final List<String> DISK_MODULES =
      List.of("virtio_pci", "virtio_blk", "crc32c_generic", "crc32c_intel", "ext4");

  private static final List<String> BUILD_MODULES = List.of("isofs", "nls_utf8");

  private final SystemDefinition system;
  private final PackageResolver resolver;
  private final List<DebianPackage> all;
  private final List<DebianPackage> essential;
  private final List<DebianPackage> formatter;
  private final DebianPackage kernel;
  private final DebianPackage busybox;
  private final Map<String, String> settings;

  /**
   * Chooses the packages.
   *
   * @throws CatalogueException if the archive has not what is needed
   */
  SystemPreparation(SystemDefinition system, List<DebianPackage> packages, DebianMirrors mirrors)
      throws CatalogueException {
    this.system = system;
    resolver = new PackageResolver(system.suite(), system.architecture(), packages);
    Set<String> essentials = new LinkedHashSet<>();
    Set<String> names = new LinkedHashSet<>();
    for (DebianPackage each : resolver.all()) {
      if (each.traits().essential()) {
        essentials.add(each.name());
      }
      if (system.priorities().contains(each.traits().priority())
          && !system.without().contains(each.name())) {
        names.add(each.name());
      }
    }
    names.addAll(essentials);
    names.addAll(system.packages());
    all = resolver.resolve(names);
    essential = resolver.resolve(essentials, all);
    formatter = resolver.resolve(List.of(FORMATTER), all);
    busybox = resolver.find(BUSYBOX);
    kernel = kernel();
    settings = SystemSettings.of(system, mirrors);
  }

  private DebianPackage kernel() throws CatalogueException {
    DebianPackage meta = resolver.find(system.kernelPackage());
    DebianPackage.Dependency needed =
        meta.dependency("linux-image-")
            .orElseThrow(() ->
                new CatalogueException(
                    CatalogueException.Kind.NOT_FOUND,
                    system.kernelPackage() + " of Debian " + system.suite() + " names no kernel"));
    return resolver.find(needed.name());
  }

  /** What is fetched. */
  List<DebianPackage> packages() {
    List<DebianPackage> packages = new ArrayList<>(all);
    if (!all.contains(busybox)) {
      packages.add(busybox);
    }
    return packages;
  }

  /** How many packages are installed. */
  int count() {
    return all.size();
  }

  /** The packages installed, a line each: name, version, hash. */
  String list() {
    StringBuilder list = new StringBuilder();
    all.stream()
        .map(each -> each.name() + " " + each.version() + " " + each.file().sha256() + "\n")
        .sorted()
        .forEach(list::append);
    return list.toString();
  }

  /** Twelve hexadecimal digits that differ where packages, settings or the way of making do. */
  String recipe() {
    byte[] way = DiskInitramfs.build(new byte[0], Map.of(), settings);
    String text = list() + Sha256.of(way) + system.units() + system.disabledUnits();
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
  }

  /**
   * What was taken out of the packages.
   *
   * @param media what the machine needs that makes the disk
   * @param kernelRelease what {@code uname -r} says
   * @param initrd of the system itself
   */
  record Prepared(SystemMedia media, String kernelRelease, byte[] initrd) {}

  /**
   * Unpacks kernel and drivers, and writes the volume of packages.
   *
   * @param files where the packages lie, by name
   * @param volume the volume to write
   */
  Prepared prepare(Map<String, Path> files, Path volume, ProgressListener progress)
      throws IOException {
    Path kernelFile = files.get(kernel.name());
    DebPackage.Member image = DebPackage.extract(kernelFile, KERNEL_PATH, MAX_KERNEL_BYTES);
    byte[] tools =
        DebPackage.extract(files.get(busybox.name()), BUSYBOX_PATH, MAX_BUSYBOX_BYTES).content();
    List<String> modules = new ArrayList<>(DISK_MODULES);
    Map<String, byte[]> drivers = KernelModules.of(kernelFile, modules);
    modules.addAll(BUILD_MODULES);
    Map<String, byte[]> buildDrivers = KernelModules.of(kernelFile, modules);
    writeVolume(files, volume, progress);
    SystemMedia media =
        new SystemMedia(
            system.name(),
            image.content(),
            DiskInitramfs.build(tools, buildDrivers, settings),
            volume,
            essential.size(),
            all.size() - essential.size());
    return new Prepared(
        media,
        image.path().substring("boot/vmlinuz-".length()),
        DiskInitramfs.boot(tools, drivers));
  }

  private void writeVolume(Map<String, Path> files, Path volume, ProgressListener progress)
      throws IOException {
    List<String> names = new ArrayList<>();
    names.add("essential.list");
    names.add("other.list");
    names.add("format.list");
    names.add("units.list");
    names.add("disabled.list");
    all.forEach(each -> names.add(fileName(each)));
    List<DebianPackage> others = all.stream().filter(each -> !essential.contains(each)).toList();
    progress.stepStarted("preparing " + all.size() + " packages", all.size());
    try (IsoWriter writer = new IsoWriter(volume, "PACKAGES", names)) {
      writer.next(lines(essential));
      writer.next(lines(others));
      writer.next(lines(formatter));
      writer.next(lineEach(system.units()));
      writer.next(lineEach(system.disabledUnits()));
      int done = 0;
      for (DebianPackage each : all) {
        progress.stepAdvanced(done++, each.name());
        try (RewritableStream out = writer.next()) {
          DebPackage.writePlain(files.get(each.name()), out);
        }
      }
      writer.finish();
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException e) {
      throw CacheFiles.translate(e, volume.getParent());
    }
    progress.stepFinished();
  }

  /** A package's name is of letters, digits and {@code +-.} alone, and has some 60 at most. */
  private static String fileName(DebianPackage each) {
    String name = each.name();
    return (name.length() > 59
            ? name.substring(0, 48) + each.file().sha256().substring(0, 11)
            : name)
        + ".deb";
  }

  private static byte[] lines(List<DebianPackage> packages) {
    return lineEach(packages.stream().map(SystemPreparation::fileName).toList());
  }

  private static byte[] lineEach(List<String> texts) {
    StringBuilder lines = new StringBuilder();
    texts.forEach(text -> lines.append(text).append('\n'));
    return lines.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
