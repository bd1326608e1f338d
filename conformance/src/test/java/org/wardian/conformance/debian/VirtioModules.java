package org.wardian.conformance.debian;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.ImageManifest;
import org.wardian.boot.initramfs.CpioEntry;

/**
 * The drivers of virtio devices, which Debian's kernels have as modules: from the very package that
 * the guest's kernel is of, fetched once and kept in the user's cache. {@code dpkg-deb} unpacks it.
 */
final class VirtioModules {
  private static final String FOLDER = "modules";

  /** In an order in which they can be loaded. */
  private static final List<String> NAMES =
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
          "virtio-rng");

  private VirtioModules() {}

  /** What a shell in the guest loads them by. */
  static String load() {
    StringBuilder commands = new StringBuilder("true");
    NAMES.forEach(name -> commands.append(" && insmod /" + FOLDER + "/" + name + ".ko"));
    return commands.toString();
  }

  /** Files for the guest's initramfs; where they can be had from nowhere the test is skipped. */
  static List<CpioEntry> of(CachedImage image) throws IOException, InterruptedException {
    ImageManifest manifest = image.manifest();
    Path kept = image.folder().resolveSibling(".modules-" + manifest.kernelRelease());
    if (!Files.exists(kept)) {
      fetch(manifest.kernelPackage(), kept);
    }
    List<CpioEntry> entries = new ArrayList<>(List.of(CpioEntry.directory(FOLDER, 0755)));
    for (String name : NAMES) {
      byte[] module = Files.readAllBytes(kept.resolve(name + ".ko"));
      entries.add(CpioEntry.file(FOLDER + "/" + name + ".ko", 0644, module));
    }
    return entries;
  }

  private static void fetch(ImageManifest.Origin origin, Path kept)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory("modules");
    try {
      Path archive = work.resolve("kernel.deb");
      String sum = download(origin, archive);
      if (!sum.equals(origin.sha256())) {
        throw new AssertionError(origin.address() + " is not what the archive signed: " + sum);
      }
      Process unpacking =
          new ProcessBuilder("dpkg-deb", "-x", archive.toString(), work.resolve("all").toString())
              .inheritIO()
              .start();
      if (unpacking.waitFor() != 0) {
        throw new AssertionError("dpkg-deb ended with " + unpacking.exitValue());
      }
      Path chosen = Files.createDirectory(work.resolve("chosen"));
      try (Stream<Path> files = Files.walk(work.resolve("all"))) {
        for (Path file : (Iterable<Path>) files::iterator) {
          String name = file.getFileName().toString();
          if (name.endsWith(".ko") && NAMES.contains(name.substring(0, name.length() - 3))) {
            Files.copy(file, chosen.resolve(name));
          }
        }
      }
      Path whole = kept.resolveSibling(kept.getFileName() + "-" + ProcessHandle.current().pid());
      copy(chosen, whole);
      Files.move(whole, kept, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      remove(work);
    }
  }

  private static String download(ImageManifest.Origin origin, Path to) throws IOException {
    try (InputStream in = URI.create(origin.address()).toURL().openStream();
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      Files.copy(digest, to);
      return "%064x".formatted(new BigInteger(1, digest.getMessageDigest().digest()));
    } catch (IOException e) {
      return Assumptions.abort("the kernel's package cannot be fetched: " + e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }
}
