package org.wardian.libvirt.sasl;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A cipher of DIGEST-MD5 (RFC 2831 §2.4). Those with shorter keys ({@code des}, {@code rc4-40},
 * {@code rc4-56}) are left out: libvirt's clients would not take them.
 */
enum DigestCipher {
  /** A stream of 128 bits. */
  RC4("rc4", "RC4", 1),
  /** Two keys, in blocks that follow from each other through the whole connection. */
  TRIPLE_DES("3des", "DESede/CBC/NoPadding", 8);

  private final String label;
  private final String transformation;
  private final int block;

  DigestCipher(String label, String transformation, int block) {
    this.label = label;
    this.transformation = transformation;
    this.block = block;
  }

  /** Its name in messages. */
  String label() {
    return label;
  }

  /** Bytes to which a message is filled up; 1 for a stream. */
  int block() {
    return block;
  }

  /** Those that this Java has, the one that is liked best first. */
  static List<DigestCipher> available() {
    return Stream.of(values()).filter(DigestCipher::isAvailable).toList();
  }

  private boolean isAvailable() {
    try {
      Cipher.getInstance(transformation);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /**
   * Begins one way.
   *
   * @param mode of {@link Cipher}
   * @param key 16 bytes
   */
  Cipher begin(int mode, byte[] key) {
    try {
      Cipher cipher = Cipher.getInstance(transformation);
      if (this == RC4) {
        cipher.init(mode, new SecretKeySpec(key, "RC4"));
      } else {
        byte[] keys = new byte[24];
        spread(key, 0, keys, 0);
        spread(key, 7, keys, 8);
        System.arraycopy(keys, 0, keys, 16, 8);
        cipher.init(
            mode,
            new SecretKeySpec(keys, "DESede"),
            new IvParameterSpec(Arrays.copyOfRange(key, 8, 16)));
      }
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Seven bytes become eight, whose lowest bits, the parity, nobody looks at. */
  private static void spread(byte[] from, int start, byte[] into, int at) {
    long bits = 0;
    for (int i = 0; i < 7; i++) {
      bits = bits << 8 | from[start + i] & 0xff;
    }
    for (int i = 0; i < 8; i++) {
      into[at + i] = (byte) ((bits >> (49 - 7 * i) & 0x7f) << 1);
    }
  }
}
