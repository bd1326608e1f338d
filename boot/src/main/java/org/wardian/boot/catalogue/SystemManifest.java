package org.wardian.boot.catalogue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import org.wardian.boot.catalogue.ImageManifest.StoredFile;

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
  private static final JsonFactory JSON = new JsonFactory();

  /** The manifest as JSON text. */
  byte[] toJson() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeNumberField("format", FORMAT);
      json.writeStringField("name", name);
      json.writeStringField("suite", suite);
      json.writeStringField("architecture", architecture);
      json.writeStringField("built", built.toString());
      json.writeStringField("recipe", recipe);
      json.writeNumberField("packageCount", packageCount);
      json.writeStringField("kernelRelease", kernelRelease);
      json.writeObjectFieldStart("files");
      ImageManifest.write(json, KERNEL_FILE, kernel);
      ImageManifest.write(json, INITRD_FILE, initrd);
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return out.toByteArray();
  }

  /**
   * Reads a manifest; fields that it does not know are ignored.
   *
   * @throws IOException if it is none, with a message that says why
   */
  static SystemManifest fromJson(byte[] data) throws IOException {
    Map<String, String> values;
    try {
      values = ImageManifest.flatten(data);
    } catch (JsonProcessingException | RuntimeException e) {
      throw new IOException("it is not JSON", e);
    }
    if (!values.getOrDefault("format", "").equals(Integer.toString(FORMAT))) {
      throw new IOException("it is no manifest of format " + FORMAT);
    }
    try {
      return new SystemManifest(
          ImageManifest.required(values, "name"),
          ImageManifest.required(values, "suite"),
          ImageManifest.required(values, "architecture"),
          Instant.parse(ImageManifest.required(values, "built")),
          ImageManifest.required(values, "recipe"),
          Integer.parseInt(ImageManifest.required(values, "packageCount")),
          ImageManifest.required(values, "kernelRelease"),
          ImageManifest.storedFile(values, KERNEL_FILE),
          ImageManifest.storedFile(values, INITRD_FILE));
    } catch (DateTimeException | NumberFormatException e) {
      throw new IOException("its date or number of packages cannot be read", e);
    }
  }
}
