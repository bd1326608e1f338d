package org.wardian.boot.catalogue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

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
    StoredFile busybox) {
  /** The manifest's own file name. */
  public static final String MANIFEST_FILE = "manifest.json";

  /** The kernel, a bzImage. */
  public static final String KERNEL_FILE = "vmlinuz";

  /** The statically linked busybox, an ELF program. */
  public static final String BUSYBOX_FILE = "busybox";

  private static final int FORMAT = 1;
  private static final int MAX_DEPTH = 3;
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * The package that a file came from.
   *
   * @param name the package's name
   * @param version its version
   * @param address where it was fetched
   * @param sha256 of the package, from the archive's signed index
   */
  public record Origin(String name, String version, String address, String sha256) {}

  /**
   * A file of the image.
   *
   * @param size in bytes
   * @param sha256 lower-case hexadecimal
   */
  public record StoredFile(long size, String sha256) {}

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
      json.writeStringField("pulled", pulled.toString());
      json.writeStringField("kernelRelease", kernelRelease);
      write(json, "kernelPackage", kernelPackage);
      write(json, "busyboxPackage", busyboxPackage);
      json.writeObjectFieldStart("files");
      write(json, KERNEL_FILE, kernel);
      write(json, BUSYBOX_FILE, busybox);
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, String field, Origin origin) throws IOException {
    json.writeObjectFieldStart(field);
    json.writeStringField("name", origin.name());
    json.writeStringField("version", origin.version());
    json.writeStringField("address", origin.address());
    json.writeStringField("sha256", origin.sha256());
    json.writeEndObject();
  }

  static void write(JsonGenerator json, String field, StoredFile file) throws IOException {
    json.writeObjectFieldStart(field);
    json.writeNumberField("size", file.size());
    json.writeStringField("sha256", file.sha256());
    json.writeEndObject();
  }

  /**
   * Reads a manifest; fields that it does not know are ignored.
   *
   * @throws IOException if it is none, with a message that says why
   */
  static ImageManifest fromJson(byte[] data) throws IOException {
    Map<String, String> values;
    try {
      values = flatten(data);
    } catch (JsonProcessingException | RuntimeException e) {
      throw new IOException("it is not JSON", e);
    }
    if (!values.getOrDefault("format", "").equals(Integer.toString(FORMAT))) {
      throw new IOException("it is no manifest of format " + FORMAT);
    }
    try {
      return new ImageManifest(
          required(values, "name"),
          required(values, "suite"),
          required(values, "architecture"),
          Instant.parse(required(values, "pulled")),
          required(values, "kernelRelease"),
          origin(values, "kernelPackage"),
          origin(values, "busyboxPackage"),
          storedFile(values, KERNEL_FILE),
          storedFile(values, BUSYBOX_FILE));
    } catch (DateTimeException e) {
      throw new IOException("its date cannot be read", e);
    }
  }

  private static Origin origin(Map<String, String> values, String field) throws IOException {
    return new Origin(
        required(values, field + "/name"),
        required(values, field + "/version"),
        required(values, field + "/address"),
        required(values, field + "/sha256"));
  }

  static StoredFile storedFile(Map<String, String> values, String file) throws IOException {
    String sha256 = required(values, "files/" + file + "/sha256");
    String size = required(values, "files/" + file + "/size");
    if (!Sha256.isHex(sha256) || !size.matches("[0-9]{1,10}")) {
      throw new IOException("its entry of the file " + file + " makes no sense");
    }
    return new StoredFile(Long.parseLong(size), sha256);
  }

  static String required(Map<String, String> values, String path) throws IOException {
    String value = values.get(path);
    if (value == null || value.chars().anyMatch(Character::isISOControl)) {
      throw new IOException("it has no proper " + path);
    }
    return value;
  }

  /** Scalar values by the names that lead to them, joined by slashes. */
  static Map<String, String> flatten(byte[] data) throws IOException {
    Map<String, String> values = new HashMap<>();
    Deque<String> names = new ArrayDeque<>();
    try (JsonParser json = JSON.createParser(data)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it is no JSON object");
      }
      while (true) {
        JsonToken token = json.nextToken();
        if (token == JsonToken.END_OBJECT) {
          if (names.isEmpty()) {
            return values;
          }
          names.removeLast();
        } else if (token == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          JsonToken value = json.nextToken();
          if (value == JsonToken.START_OBJECT && names.size() < MAX_DEPTH) {
            names.addLast(name);
          } else if (value != null && value.isScalarValue()) {
            names.addLast(name);
            if (values.put(String.join("/", names), json.getText()) != null) {
              throw new IOException("it names " + name + " twice");
            }
            names.removeLast();
          } else {
            json.skipChildren();
          }
        } else {
          throw new IOException("it is cut off");
        }
      }
    }
  }
}
