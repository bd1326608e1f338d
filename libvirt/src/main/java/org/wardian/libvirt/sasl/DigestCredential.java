package org.wardian.libvirt.sasl;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a daemon keeps of a password for DIGEST-MD5: MD5 of name, realm and password (RFC 2831
 * §2.1.2.1). It is as good as the password for whoever wants to authenticate here, and passwords
 * that people think of are soon found from it.
 *
 * @param hash 16 bytes
 */
public record DigestCredential(byte[] hash) {
  /** To which passwords belong; part of what is hashed, so it has to stay. */
  public static final String REALM = "wardian";

  private static final int SIZE = 16;

  /** Of a user's password. */
  public static DigestCredential of(String user, String password) {
    return of(user, REALM, password);
  }

  static DigestCredential of(String user, String realm, String password) {
    MessageDigest md5 = DigestKeys.md5();
    md5.update(bytes(user));
    md5.update((":" + realm + ":").getBytes(StandardCharsets.ISO_8859_1));
    return new DigestCredential(md5.digest(bytes(password)));
  }

  /** ISO 8859-1 where it has all characters, else UTF-8 (RFC 2831 §2.1.2.1). */
  private static byte[] bytes(String text) {
    boolean narrow = text.chars().allMatch(character -> character < 256);
    Charset charset = narrow ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
    return text.getBytes(charset);
  }

  /** In hexadecimal digits. */
  public String toText() {
    return HexFormat.of().formatHex(hash);
  }

  /**
   * From {@link #toText()}.
   *
   * @throws IllegalArgumentException for another text
   */
  public static DigestCredential parse(String text) {
    byte[] hash = HexFormat.of().parseHex(text);
    if (hash.length != SIZE) {
      throw new IllegalArgumentException("a credential of MD5 has " + SIZE + " bytes");
    }
    return new DigestCredential(hash);
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof DigestCredential other && MessageDigest.isEqual(hash, other.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  /** Without the hash, which is not for a log. */
  @Override
  public String toString() {
    return "DigestCredential";
  }
}
