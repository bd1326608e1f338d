package org.wardian.boot.catalogue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * A manifest of the cache, read: scalar values by the names that lead to them, joined by slashes.
 */
final class ManifestReader {
  private static final int MAX_DEPTH = 3;
  private static final JsonFactory JSON = new JsonFactory();

  private final Map<String, String> values;

  private ManifestReader(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads JSON text.
   *
   * @param format what its field {@code format} has to be
   * @throws IOException if it is no such manifest, with a message that says why
   */
  static ManifestReader of(byte[] data, int format) throws IOException {
    Map<String, String> values;
    try {
      values = flatten(data);
    } catch (JsonProcessingException | RuntimeException e) {
      throw new IOException("it is not JSON", e);
    }
    if (!values.getOrDefault("format", "").equals(Integer.toString(format))) {
      throw new IOException("it is no manifest of format " + format);
    }
    return new ManifestReader(values);
  }

  private static Map<String, String> flatten(byte[] data) throws IOException {
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

  /** A text of one line. */
  String text(String path) throws IOException {
    String value = values.get(path);
    if (value == null || value.chars().anyMatch(Character::isISOControl)) {
      throw new IOException("it has no proper " + path);
    }
    return value;
  }

  /** A moment. */
  Instant instant(String path) throws IOException {
    try {
      return Instant.parse(text(path));
    } catch (DateTimeException e) {
      throw new IOException("its date cannot be read", e);
    }
  }

  /** A number of up to nine digits. */
  int number(String path) throws IOException {
    String text = text(path);
    if (!text.matches("[0-9]{1,9}")) {
      throw new IOException("its " + path + " is no number");
    }
    return Integer.parseInt(text);
  }

  /** Whether there is such a file. */
  boolean hasFile(String name) {
    return values.keySet().stream().anyMatch(key -> key.startsWith("files/" + name + "/"));
  }

  /** One of its files. */
  StoredFile file(String name) throws IOException {
    String sha256 = text("files/" + name + "/sha256");
    String size = text("files/" + name + "/size");
    if (!Sha256.isHex(sha256) || !size.matches("[0-9]{1,10}")) {
      throw new IOException("its entry of the file " + name + " makes no sense");
    }
    return new StoredFile(Long.parseLong(size), sha256);
  }
}
