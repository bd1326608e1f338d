package org.wardian.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Map;

/**
 * JSON text as a tree and back, by Jackson's streaming parts: an ObjectMapper would double the time
 * that a machine's process needs to answer.
 *
 * <p>As QEMU does, strings in single quotes are read, a key that is there twice is an error, and
 * what is written is ASCII.
 */
final class JsonTree {
  /** Arrays and objects in each other, as QEMU's MAX_NESTING. */
  static final int MAXIMUM_DEPTH = 1024;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(MAXIMUM_DEPTH).build())
          // A reply repeats an id that may be as deep.
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(MAXIMUM_DEPTH + 2).build())
          .build();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonTree() {}

  /**
   * The only value of a text.
   *
   * @throws QmpException when the text is not one value
   */
  static JsonNode parse(byte[] text, int length) throws QmpException {
    try (JsonParser parser = FACTORY.createParser(text, 0, length)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new QmpException("JSON parse error, expecting value");
      }
      JsonNode value = value(parser, first);
      if (parser.nextToken() != null) {
        throw new QmpException("JSON parse error, expecting one value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new QmpException("JSON parse error, " + firstLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new QmpException("JSON parse error, " + firstLine(String.valueOf(e.getMessage())));
    }
  }

  /** Reads and writes something, as the first message will. */
  static void prepare() {
    byte[] text = "{\"execute\": \"\", \"id\": 0}".getBytes(UTF_8);
    try {
      text(parse(text, text.length));
    } catch (QmpException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  private static JsonNode value(JsonParser parser, JsonToken token) throws IOException {
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_NUMBER_INT -> integer(parser);
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      default -> NODES.nullNode();
    };
  }

  private static ObjectNode object(JsonParser parser) throws IOException {
    ObjectNode object = NODES.objectNode();
    String name;
    while ((name = parser.nextFieldName()) != null) {
      object.set(name, value(parser, parser.nextToken()));
    }
    return object;
  }

  private static ArrayNode array(JsonParser parser) throws IOException {
    ArrayNode array = NODES.arrayNode();
    JsonToken token;
    while ((token = parser.nextToken()) != JsonToken.END_ARRAY) {
      array.add(value(parser, token));
    }
    return array;
  }

  private static JsonNode integer(JsonParser parser) throws IOException {
    return switch (parser.getNumberType()) {
      case INT, LONG -> NODES.numberNode(parser.getLongValue());
      default -> {
        BigInteger value = parser.getBigIntegerValue();
        yield value.bitLength() <= Long.SIZE && value.signum() >= 0
            ? NODES.numberNode(value)
            : NODES.numberNode(value.doubleValue());
      }
    };
  }

  /** A value's text in one line, without an end of line. */
  static byte[] text(JsonNode value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator generator = FACTORY.createGenerator(bytes)) {
      write(generator, value);
    } catch (IOException e) {
      throw new IllegalStateException("a tree that has no text", e);
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator generator, JsonNode value) throws IOException {
    switch (value.getNodeType()) {
      case OBJECT -> {
        generator.writeStartObject();
        for (Map.Entry<String, JsonNode> member : value.properties()) {
          generator.writeFieldName(member.getKey());
          write(generator, member.getValue());
        }
        generator.writeEndObject();
      }
      case ARRAY -> {
        generator.writeStartArray();
        for (JsonNode element : value) {
          write(generator, element);
        }
        generator.writeEndArray();
      }
      case STRING -> generator.writeString(value.textValue());
      case BOOLEAN -> generator.writeBoolean(value.booleanValue());
      case NUMBER -> number(generator, value);
      case NULL, MISSING -> generator.writeNull();
      default -> throw new IOException("a node of kind " + value.getNodeType());
    }
  }

  private static void number(JsonGenerator generator, JsonNode value) throws IOException {
    if (!value.isIntegralNumber()) {
      generator.writeNumber(value.doubleValue());
    } else if (value.canConvertToLong()) {
      generator.writeNumber(value.longValue());
    } else {
      generator.writeNumber(value.bigIntegerValue());
    }
  }
}
