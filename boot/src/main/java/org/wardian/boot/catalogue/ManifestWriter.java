package org.wardian.boot.catalogue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** Writes manifests of the cache as JSON text. */
final class ManifestWriter {
  private static final JsonFactory JSON = new JsonFactory();

  private ManifestWriter() {}

  /** The fields of a manifest. */
  interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * The text.
   *
   * @param fields all but format and files
   */
  static byte[] text(int format, Fields fields, Map<String, StoredFile> files) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeNumberField("format", format);
      fields.write(json);
      json.writeObjectFieldStart("files");
      for (Map.Entry<String, StoredFile> file : files.entrySet()) {
        json.writeObjectFieldStart(file.getKey());
        json.writeNumberField("size", file.getValue().size());
        json.writeStringField("sha256", file.getValue().sha256());
        json.writeEndObject();
      }
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return out.toByteArray();
  }
}
