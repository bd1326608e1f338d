package org.wardian.libvirt.sasl;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a daemon keeps of a password: enough to recognise who knows it, too little to pretend to
 * know it (RFC 5802 §3).
 *
 * @param salt random bytes
 * @param iterations of the key derivation
 * @param storedKey SHA-256 of the client's key
 * @param serverKey with which the daemon proves that it knows this
 */
public record ScramCredential(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
  /** What RFC 7677 §4 asks for at least. */
  public static final int ITERATIONS = 4_096;

  private static final int SALT = 16;

  /** Of a password, with a salt of its own. */
  public static ScramCredential of(String password) {
    byte[] salt = new byte[SALT];
    new SecureRandom().nextBytes(salt);
    return of(password, salt, ITERATIONS);
  }

  /** Of a password. */
  public static ScramCredential of(String password, byte[] salt, int iterations) {
    byte[] salted = salted(password, salt, iterations);
    return new ScramCredential(
        salt.clone(), iterations, hash(hmac(salted, "Client Key")), hmac(salted, "Server Key"));
  }

  /** As text: iterations, salt, stored key, server key. */
  public String toText() {
    Base64.Encoder base64 = Base64.getEncoder();
    return iterations
        + ":"
        + base64.encodeToString(salt)
        + ":"
        + base64.encodeToString(storedKey)
        + ":"
        + base64.encodeToString(serverKey);
  }

  /**
   * From {@link #toText()}.
   *
   * @throws IllegalArgumentException for another text
   */
  public static ScramCredential parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException("a credential has four parts, this has " + parts.length);
    }
    Base64.Decoder base64 = Base64.getDecoder();
    ScramCredential credential =
        new ScramCredential(
            base64.decode(parts[1]),
            Integer.parseInt(parts[0]),
            base64.decode(parts[2]),
            base64.decode(parts[3]));
    if (credential.iterations < 1
        || credential.storedKey.length != 32
        || credential.serverKey.length != 32) {
      throw new IllegalArgumentException("a credential of SHA-256 has keys of 32 bytes");
    }
    return credential;
  }

  /** {@code SaltedPassword}: PBKDF2 with HMAC-SHA-256 (RFC 5802 §2.2). */
  static byte[] salted(String password, byte[] salt, int iterations) {
    // Of SASLprep (RFC 4013) this is what changes passwords that people have.
    byte[] key =
        Normalizer.normalize(password, Normalizer.Form.NFKC).getBytes(StandardCharsets.UTF_8);
    Mac mac = mac(key);
    mac.update(salt);
    byte[] block = mac.doFinal(new byte[] {0, 0, 0, 1});
    byte[] sum = block.clone();
    for (int i = 1; i < iterations; i++) {
      block = mac.doFinal(block);
      xor(sum, block);
    }
    return sum;
  }

  static void xor(byte[] into, byte[] with) {
    for (int i = 0; i < into.length; i++) {
      into[i] ^= with[i];
    }
  }

  static byte[] hmac(byte[] key, String text) {
    return mac(key).doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] hash(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof ScramCredential other
        && iterations == other.iterations
        && Arrays.equals(salt, other.salt)
        && MessageDigest.isEqual(storedKey, other.storedKey)
        && MessageDigest.isEqual(serverKey, other.serverKey);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(salt);
  }

  /** Without the keys, which are not for a log. */
  @Override
  public String toString() {
    return "ScramCredential[" + iterations + " iterations]";
  }
}
