package org.wardian.libvirt.sasl;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The messages of SCRAM: a letter, an equals sign and a value, between commas (RFC 5802 §5.1). */
final class ScramAttributes {
  private final List<String> parts;
  private int position;

  private ScramAttributes(List<String> parts) {
    this.parts = parts;
  }

  static String text(byte[] data) throws SaslException {
    if (data == null) {
      throw new SaslException("no message where one is due");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString();
    } catch (CharacterCodingException e) {
      throw new SaslException("a message that is no UTF-8");
    }
  }

  static ScramAttributes of(String message) {
    return new ScramAttributes(new ArrayList<>(List.of(message.split(",", -1))));
  }

  /** The value of the next attribute, which must be of this letter. */
  String next(char letter) throws SaslException {
    if (position == parts.size()) {
      throw new SaslException("attribute " + letter + " is missing");
    }
    String part = parts.get(position++);
    if (part.length() < 2 || part.charAt(0) != letter || part.charAt(1) != '=') {
      throw new SaslException("attribute " + letter + " is missing");
    }
    return part.substring(2);
  }

  /** Whether the next attribute is of this letter. */
  boolean isNext(char letter) {
    return position < parts.size() && parts.get(position).startsWith(letter + "=");
  }

  /** Base 64 of the next attribute. */
  byte[] nextBytes(char letter) throws SaslException {
    try {
      return Base64.getDecoder().decode(next(letter));
    } catch (IllegalArgumentException e) {
      throw new SaslException("attribute " + letter + " is no base 64");
    }
  }

  /** A name with its commas and equals signs written out. */
  static String escape(String name) {
    return name.replace("=", "=3D").replace(",", "=2C");
  }

  /** The name that was escaped. */
  static String unescape(String escaped) throws SaslException {
    String name = escaped.replace("=2C", ",").replace("=3D", "\0");
    if (name.indexOf('=') >= 0) {
      throw new SaslException("a name with an equals sign that is none");
    }
    return name.replace('\0', '=');
  }
}
