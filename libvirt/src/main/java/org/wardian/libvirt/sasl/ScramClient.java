package org.wardian.libvirt.sasl;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * SCRAM-SHA-256, the client's side (RFC 5802 §3, RFC 7677). It succeeds only when the daemon has
 * proved that it knows the password too.
 */
public final class ScramClient implements SaslExchange {
  private static final int NONCE = 18;

  /** More would be a daemon's way to keep this side busy. */
  private static final int MOST_ITERATIONS = 10_000_000;

  private final String user;
  private final String password;
  private final String nonce;
  private String first;
  private byte[] expected;
  private boolean complete;

  /** For a user with a password. */
  public ScramClient(String user, String password) {
    this(user, password, nonce());
  }

  ScramClient(String user, String password, String nonce) {
    this.user = user;
    this.password = password;
    this.nonce = nonce;
  }

  private static String nonce() {
    byte[] bytes = new byte[NONCE];
    new SecureRandom().nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public byte[] respond(byte[] data) throws SaslException {
    if (first == null) {
      first = "n=" + ScramAttributes.escape(user) + ",r=" + nonce;
      return ("n,," + first).getBytes(StandardCharsets.UTF_8);
    }
    if (expected == null) {
      return last(ScramAttributes.text(data));
    }
    if (complete) {
      throw new SaslException("a message after the last");
    }
    ScramAttributes attributes = ScramAttributes.of(ScramAttributes.text(data));
    if (attributes.isNext('e')) {
      throw new SaslException("the daemon refuses: " + attributes.next('e'));
    }
    if (!MessageDigest.isEqual(attributes.nextBytes('v'), expected)) {
      throw new SaslException("the daemon does not know the password");
    }
    complete = true;
    return null;
  }

  private byte[] last(String challenge) throws SaslException {
    ScramAttributes attributes = ScramAttributes.of(challenge);
    String full = attributes.next('r');
    byte[] salt = attributes.nextBytes('s');
    int iterations;
    try {
      iterations = Integer.parseInt(attributes.next('i'));
    } catch (NumberFormatException e) {
      throw new SaslException("a number of iterations that is none");
    }
    if (!full.startsWith(nonce) || full.length() == nonce.length()) {
      throw new SaslException("the daemon answers something else than was asked");
    }
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new SaslException(iterations + " iterations");
    }
    byte[] salted = ScramCredential.salted(password, salt, iterations);
    byte[] key = ScramCredential.hmac(salted, "Client Key");
    String answer = "c=biws,r=" + full;
    String all = first + "," + challenge + "," + answer;
    byte[] proof = ScramCredential.hmac(ScramCredential.hash(key), all);
    ScramCredential.xor(proof, key);
    expected = ScramCredential.hmac(ScramCredential.hmac(salted, "Server Key"), all);
    return (answer + ",p=" + Base64.getEncoder().encodeToString(proof))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public boolean isComplete() {
    return complete;
  }

  @Override
  public String user() {
    return user;
  }
}
