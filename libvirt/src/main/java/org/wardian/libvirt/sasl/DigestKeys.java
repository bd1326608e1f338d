package org.wardian.libvirt.sasl;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** What both sides of DIGEST-MD5 reckon from the password and the nonces (RFC 2831 §2.1.2.1). */
final class DigestKeys {
  private static final String TO_SERVER = "client-to-server";
  private static final String TO_CLIENT = "server-to-client";

  private final byte[] session;
  private final String exchanged;

  /** How a side proves that it knows the password. */
  enum Prover {
    CLIENT("AUTHENTICATE"),
    SERVER("");

    private final String method;

    Prover(String method) {
      this.method = method;
    }
  }

  /**
   * The keys of an exchange.
   *
   * @param authorization the name that the client wants to act under; null where it says none
   */
  DigestKeys(DigestCredential credential, String nonce, String clientNonce, String authorization) {
    MessageDigest md5 = md5();
    md5.update(credential.hash());
    md5.update(raw(":" + nonce + ":" + clientNonce));
    if (authorization != null) {
      md5.update(raw(":" + authorization));
    }
    session = md5.digest();
    exchanged = nonce + ":00000001:" + clientNonce;
  }

  private static byte[] raw(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hex(byte[] hash) {
    return HexFormat.of().formatHex(hash);
  }

  /** {@code response-value}, in 32 hexadecimal digits. */
  String proof(Prover prover, String uri, String protection) {
    String second =
        prover.method
            + ":"
            + uri
            + (protection.equals("auth") ? "" : ":00000000000000000000000000000000");
    return hex(
        md5()
            .digest(
                raw(
                    hex(session)
                        + ":"
                        + exchanged
                        + ":"
                        + protection
                        + ":"
                        + hex(md5().digest(raw(second))))));
  }

  private byte[] derived(byte[] from, String words) {
    MessageDigest md5 = md5();
    md5.update(from);
    return md5.digest(raw(words));
  }

  /** For the code that authenticates what goes one way (RFC 2831 §2.3). */
  byte[] signing(boolean toServer) {
    return derived(
        session,
        "Digest session key to "
            + (toServer ? TO_SERVER : TO_CLIENT)
            + " signing key magic constant");
  }

  /** For the cipher of one way (RFC 2831 §2.4), 16 bytes. */
  byte[] sealing(boolean toServer) {
    return derived(
        Arrays.copyOf(session, 16),
        "Digest H(A1) to " + (toServer ? TO_SERVER : TO_CLIENT) + " sealing key magic constant");
  }
}
