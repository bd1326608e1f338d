package org.wardian.boot.catalogue;

import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a system in the cache was made of; kept as {@code manifest.json} beside its disk.
 *
 * @param name the system's
 * @param suite the Debian suite
 * @param architecture Debian's name of the architecture
 * @param built when it was made
 * @param recipe what tells it from another: a hash over its packages and how they were installed
 * @param packageCount how many packages are installed; {@code packages.txt} lists them
 * @param kernelRelease what {@code uname -r} says
 * @param kernel the file {@value #KERNEL_FILE}
 * @param initrd the file {@value #INITRD_FILE}
 */
public record SystemManifest(
    String name,
    String suite,
    String architecture,
    Instant built,
    String recipe,
    int packageCount,
    String kernelRelease,
    StoredFile kernel,
    StoredFile initrd) {
  /** The manifest's own file name. */
  public static final String MANIFEST_FILE = "manifest.json";

  /** The kernel, a bzImage. */
  public static final String KERNEL_FILE = "vmlinuz";

  /** Its initial RAM disk. */
  public static final String INITRD_FILE = "initrd";

  /** The disk, which is never written to again. */
  public static final String DISK_FILE = "disk.qcow2";

  /** Names, versions and hashes of the packages, a line each. */
  public static final String PACKAGES_FILE = "packages.txt";

  private static final int FORMAT = 1;

  /** The manifest as JSON text. */
  byte[] toJson() {
    Map<String, StoredFile> files = new LinkedHashMap<>();
    files.put(KERNEL_FILE, kernel);
    files.put(INITRD_FILE, initrd);
    return ManifestWriter.text(
        FORMAT,
        json -> {
          json.writeStringField("name", name);
          json.writeStringField("suite", suite);
          json.writeStringField("architecture", architecture);
          json.writeStringField("built", built.toString());
          json.writeStringField("recipe", recipe);
          json.writeNumberField("packageCount", packageCount);
          json.writeStringField("kernelRelease", kernelRelease);
        },
        files);
  }

  /**
   * Reads a manifest; fields that it does not know are ignored.
   *
   * @throws IOException if it is none, with a message that says why
   */
  static SystemManifest fromJson(byte[] data) throws IOException {
    ManifestReader manifest = ManifestReader.of(data, FORMAT);
    return new SystemManifest(
        manifest.text("name"),
        manifest.text("suite"),
        manifest.text("architecture"),
        manifest.instant("built"),
        manifest.text("recipe"),
        manifest.number("packageCount"),
        manifest.text("kernelRelease"),
        manifest.file(KERNEL_FILE),
        manifest.file(INITRD_FILE));
  }
}
