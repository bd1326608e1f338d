package org.wardian.boot.catalogue;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What an image in the cache consists of and where it came from; kept as {@code manifest.json}
 * beside its files.
 *
 * @param name the guest's name
 * @param suite the Debian suite
 * @param architecture Debian's name of the architecture
 * @param pulled when it was fetched
 * @param kernelRelease what {@code uname -r} will say
 * @param kernelPackage where the kernel came from
 * @param busyboxPackage where busybox came from
 * @param kernel the file {@value #KERNEL_FILE}
 * @param busybox the file {@value #BUSYBOX_FILE}
 * @param drivers the file {@value #DRIVERS_FILE}; images of earlier versions have none
 */
public record ImageManifest(
    String name,
    String suite,
    String architecture,
    Instant pulled,
    String kernelRelease,
    Origin kernelPackage,
    Origin busyboxPackage,
    StoredFile kernel,
    StoredFile busybox,
    Optional<StoredFile> drivers) {
  /** The manifest's own file name. */
  public static final String MANIFEST_FILE = "manifest.json";

  /** The kernel, a bzImage. */
  public static final String KERNEL_FILE = "vmlinuz";

  /** The statically linked busybox, an ELF program. */
  public static final String BUSYBOX_FILE = "busybox";

  /** The kernel's modules for the devices of a machine, an initial RAM disk in cpio's format. */
  public static final String DRIVERS_FILE = "drivers.cpio";

  private static final int FORMAT = 1;

  /**
   * The package that a file came from.
   *
   * @param name the package's name
   * @param version its version
   * @param address where it was fetched
   * @param sha256 of the package, from the archive's signed index
   */
  public record Origin(String name, String version, String address, String sha256) {}

  /** Bytes of all its files. */
  long size() {
    return kernel.size() + busybox.size() + drivers.map(StoredFile::size).orElse(0L);
  }

  /** The manifest as JSON text. */
  byte[] toJson() {
    Map<String, StoredFile> files = new LinkedHashMap<>();
    files.put(KERNEL_FILE, kernel);
    files.put(BUSYBOX_FILE, busybox);
    drivers.ifPresent(file -> files.put(DRIVERS_FILE, file));
    return ManifestWriter.text(
        FORMAT,
        json -> {
          json.writeStringField("name", name);
          json.writeStringField("suite", suite);
          json.writeStringField("architecture", architecture);
          json.writeStringField("pulled", pulled.toString());
          json.writeStringField("kernelRelease", kernelRelease);
          write(json, "kernelPackage", kernelPackage);
          write(json, "busyboxPackage", busyboxPackage);
        },
        files);
  }

  private static void write(JsonGenerator json, String field, Origin origin) throws IOException {
    json.writeObjectFieldStart(field);
    json.writeStringField("name", origin.name());
    json.writeStringField("version", origin.version());
    json.writeStringField("address", origin.address());
    json.writeStringField("sha256", origin.sha256());
    json.writeEndObject();
  }

  /**
   * Reads a manifest; fields that it does not know are ignored.
   *
   * @throws IOException if it is none, with a message that says why
   */
  static ImageManifest fromJson(byte[] data) throws IOException {
    ManifestReader manifest = ManifestReader.of(data, FORMAT);
    return new ImageManifest(
        manifest.text("name"),
        manifest.text("suite"),
        manifest.text("architecture"),
        manifest.instant("pulled"),
        manifest.text("kernelRelease"),
        origin(manifest, "kernelPackage"),
        origin(manifest, "busyboxPackage"),
        manifest.file(KERNEL_FILE),
        manifest.file(BUSYBOX_FILE),
        manifest.hasFile(DRIVERS_FILE)
            ? Optional.of(manifest.file(DRIVERS_FILE))
            : Optional.empty());
  }

  private static Origin origin(ManifestReader manifest, String field) throws IOException {
    return new Origin(
        manifest.text(field + "/name"),
        manifest.text(field + "/version"),
        manifest.text(field + "/address"),
        manifest.text(field + "/sha256"));
  }
}
