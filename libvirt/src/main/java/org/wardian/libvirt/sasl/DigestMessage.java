package org.wardian.libvirt.sasl;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A message of DIGEST-MD5: directives, {@code name=value} or {@code name="value"}, between commas
 * (RFC 2831 §7.1). Values are bytes, each as the character of its number.
 */
final class DigestMessage {
  /** Longest message that may come (RFC 2831 §2.1.2; a challenge is shorter). */
  private static final int LONGEST = 4_096;

  /** Of which there may be more than one; the first counts. */
  private static final Set<String> REPEATED = Set.of("realm");

  private final Map<String, String> values = new LinkedHashMap<>();
  private final String text;
  private int position;

  private DigestMessage(String text) {
    this.text = text;
  }

  static DigestMessage parse(byte[] data) throws SaslException {
    if (data == null || data.length > LONGEST) {
      throw new SaslException(
          data == null ? "no message where one is due" : "a message of " + data.length + " bytes");
    }
    DigestMessage message = new DigestMessage(new String(data, StandardCharsets.ISO_8859_1));
    message.read();
    return message;
  }

  private void read() throws SaslException {
    while (true) {
      while (position < text.length() && (isSpace() || text.charAt(position) == ',')) {
        position++;
      }
      if (position == text.length()) {
        return;
      }
      int equals = text.indexOf('=', position);
      if (equals < 0) {
        throw new SaslException("a directive without a value");
      }
      String name = text.substring(position, equals).strip();
      position = equals + 1;
      skipSpace();
      String value = position < text.length() && text.charAt(position) == '"' ? quoted() : token();
      skipSpace();
      if (position < text.length() && text.charAt(position) != ',') {
        throw new SaslException("a directive that does not end");
      }
      if (values.putIfAbsent(name, value) != null && !REPEATED.contains(name)) {
        throw new SaslException("a directive that is there twice");
      }
    }
  }

  private boolean isSpace() {
    char character = text.charAt(position);
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
  }

  private void skipSpace() {
    while (position < text.length() && isSpace()) {
      position++;
    }
  }

  private String token() {
    int start = position;
    while (position < text.length() && text.charAt(position) != ',' && !isSpace()) {
      position++;
    }
    return text.substring(start, position);
  }

  private String quoted() throws SaslException {
    StringBuilder value = new StringBuilder();
    position++;
    while (position < text.length() && text.charAt(position) != '"') {
      if (text.charAt(position) == '\\') {
        position++;
      }
      if (position < text.length()) {
        value.append(text.charAt(position++));
      }
    }
    if (position >= text.length()) {
      throw new SaslException("a quotation that does not end");
    }
    position++;
    return value.toString();
  }

  /** A directive that has to be there. */
  String get(String name) throws SaslException {
    String value = values.get(name);
    if (value == null) {
      throw new SaslException("the directive " + name + " is missing");
    }
    return value;
  }

  /** A directive, or what holds without it. */
  String get(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  /** The words of a directive that is a list. */
  List<String> words(String name, String otherwise) {
    List<String> words = new ArrayList<>();
    for (String word : get(name, otherwise).split(",", -1)) {
      words.add(word.strip());
    }
    return words;
  }

  /** The longest buffer that the sender takes in a layer. */
  int largest() throws SaslException {
    String digits = get("maxbuf", "65536");
    if (!digits.matches("[0-9]{1,8}") || Integer.parseInt(digits) < DigestLayer.LEAST) {
      throw new SaslException("buffers of a length that is not of use");
    }
    return Integer.parseInt(digits);
  }

  /** What a name's bytes mean, in the encoding that the message names. */
  String decoded(String raw) throws SaslException {
    if (!get("charset", "").equals("utf-8")) {
      return raw;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(raw.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new SaslException("a name that is no UTF-8");
    }
  }

  /** A value in quotation marks, of bytes as {@link #get} gives them. */
  static String quote(String raw) {
    return '"' + raw.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** The bytes of a name in UTF-8, as this class has them. */
  static String encoded(String name) {
    return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** The bytes of a message that was put together. */
  static byte[] bytes(List<String> directives) {
    return String.join(",", directives).getBytes(StandardCharsets.ISO_8859_1);
  }
}
