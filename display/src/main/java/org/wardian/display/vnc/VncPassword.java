package org.wardian.display.vnc;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * A password of "VNC Authentication" (RFC 6143 §7.2.2), which encrypts a challenge by DES. The
 * protocol takes eight bytes of it and no more; a longer one is refused, not cut. The connection is
 * not encrypted by it: {@link VncTls} does that.
 */
public final class VncPassword {
  /** The most bytes of a password. */
  public static final int LONGEST = 8;

  static final int CHALLENGE_LENGTH = 16;

  private final SecretKeySpec key;

  /** When nobody is let in by it any more; null for never. */
  private final Instant end;

  private final boolean refusing;

  private VncPassword(SecretKeySpec key, Instant end, boolean refusing) {
    this.key = key;
    this.end = end;
    this.refusing = refusing;
  }

  private static SecretKeySpec key(byte[] password) {
    byte[] bits = new byte[LONGEST];
    for (int i = 0; i < password.length; i++) {
      // The protocol's first implementation numbered the bits of a byte from the other end.
      bits[i] = (byte) (Integer.reverse(password[i]) >>> 24);
    }
    return new SecretKeySpec(bits, "DES");
  }

  /** A password that nobody knows: whoever is asked for it is refused. */
  public static VncPassword refusing() {
    return new VncPassword(key(new byte[0]), null, true);
  }

  /** The same until a moment, from which on it lets nobody in. */
  public VncPassword until(Instant newEnd) {
    return new VncPassword(key, newEnd, refusing);
  }

  /** The same without an end. */
  public VncPassword forEver() {
    return new VncPassword(key, null, refusing);
  }

  /**
   * Takes a password.
   *
   * @throws IllegalArgumentException where it is empty, or longer than {@link #LONGEST} bytes
   */
  public static VncPassword of(String password) {
    byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0) {
      throw new IllegalArgumentException("the VNC password is empty");
    }
    if (bytes.length > LONGEST) {
      throw new IllegalArgumentException(
          "the VNC password has %d bytes; the protocol takes %d at most"
              .formatted(bytes.length, LONGEST));
    }
    for (byte each : bytes) {
      if (each == 0) {
        throw new IllegalArgumentException("the VNC password has a zero byte");
      }
    }
    return new VncPassword(key(bytes), null, false);
  }

  /** What a client that knows the password answers; 16 bytes to 16 bytes. */
  byte[] response(byte[] challenge) {
    try {
      // The protocol's own cipher; there is no other one in VNC Authentication.
      @SuppressWarnings("InsecureCryptoUsage")
      Cipher cipher = Cipher.getInstance("DES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key);
      return cipher.doFinal(challenge);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no DES, which VNC passwords need", e);
    }
  }

  /** Whether an answer is the one of somebody who knows the password. */
  boolean accepts(byte[] challenge, byte[] response) {
    boolean isRight = MessageDigest.isEqual(response(challenge), response);
    return isRight && !refusing && (end == null || Instant.now().isBefore(end));
  }
}
