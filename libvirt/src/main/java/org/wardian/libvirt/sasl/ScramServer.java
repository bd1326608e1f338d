package org.wardian.libvirt.sasl;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Function;

/**
 * SCRAM-SHA-256, the daemon's side (RFC 5802 §3, RFC 7677). A name that nobody has goes through the
 * same exchange as one with a wrong password.
 */
public final class ScramServer implements SaslMechanism {
  /** The mechanism's name. */
  public static final String NAME = "SCRAM-SHA-256";

  private static final int NONCE = 18;

  private final Function<String, ScramCredential> credentials;
  private final byte[] decoy = new byte[32];
  private final SecureRandom random = new SecureRandom();

  /**
   * Knows users by their credentials.
   *
   * @param credentials of a user; null for a name that nobody has
   */
  public ScramServer(Function<String, ScramCredential> credentials) {
    this.credentials = credentials;
    random.nextBytes(decoy);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SaslExchange begin() {
    return new Exchange();
  }

  /** The same salt for the same name each time, and keys that no password has. */
  private ScramCredential decoy(String user) {
    byte[] salt = Arrays.copyOf(ScramCredential.hmac(decoy, user), 16);
    return new ScramCredential(
        salt,
        ScramCredential.ITERATIONS,
        ScramCredential.hmac(decoy, "stored" + user),
        ScramCredential.hmac(decoy, "server" + user));
  }

  private final class Exchange implements SaslExchange {
    private String claimed;
    private boolean known;
    private ScramCredential credential;
    private String header;
    private String nonce;
    private String exchanged;
    private boolean complete;

    @Override
    public byte[] respond(byte[] data) throws SaslException {
      if (complete) {
        throw new SaslException("a message after the last");
      }
      if (claimed == null) {
        // A client may let the server ask first; then it has not said anything yet.
        return data == null ? new byte[0] : first(ScramAttributes.text(data));
      }
      return last(ScramAttributes.text(data));
    }

    private byte[] first(String message) throws SaslException {
      int comma = message.indexOf(',');
      int bare = message.indexOf(',', comma + 1) + 1;
      if (comma < 0 || bare == 0) {
        throw new SaslException("a first message without a header");
      }
      header = message.substring(0, bare);
      String binding = message.substring(0, comma);
      if (!binding.equals("n") && !binding.equals("y")) {
        throw new SaslException("channel binding, which was not offered");
      }
      ScramAttributes attributes = ScramAttributes.of(message.substring(bare));
      claimed = ScramAttributes.unescape(attributes.next('n'));
      String authorization = message.substring(comma + 1, bare - 1);
      if (!authorization.isEmpty()
          && !authorization.equals("a=" + ScramAttributes.escape(claimed))) {
        throw new SaslException("a user who wants to be another");
      }
      byte[] own = new byte[NONCE];
      random.nextBytes(own);
      nonce = attributes.next('r') + Base64.getEncoder().encodeToString(own);
      credential = credentials.apply(claimed);
      known = credential != null;
      if (!known) {
        credential = decoy(claimed);
      }
      String answer =
          "r="
              + nonce
              + ",s="
              + Base64.getEncoder().encodeToString(credential.salt())
              + ",i="
              + credential.iterations();
      exchanged = message.substring(bare) + "," + answer;
      return answer.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] last(String message) throws SaslException {
      ScramAttributes attributes = ScramAttributes.of(message);
      byte[] binding = attributes.nextBytes('c');
      String repeated = attributes.next('r');
      int proofAt = message.lastIndexOf(",p=");
      if (!Arrays.equals(binding, header.getBytes(StandardCharsets.UTF_8))
          || !repeated.equals(nonce)
          || proofAt < 0) {
        throw new SaslException("a last message that does not follow from the first");
      }
      byte[] proof;
      try {
        proof = Base64.getDecoder().decode(message.substring(proofAt + 3));
      } catch (IllegalArgumentException e) {
        throw new SaslException("a proof that is no base 64");
      }
      String all = exchanged + "," + message.substring(0, proofAt);
      byte[] key = ScramCredential.hmac(credential.storedKey(), all);
      if (proof.length != key.length) {
        throw new SaslException("a proof of " + proof.length + " bytes");
      }
      ScramCredential.xor(key, proof);
      if (!MessageDigest.isEqual(ScramCredential.hash(key), credential.storedKey()) || !known) {
        throw new SaslException("a wrong name or password");
      }
      complete = true;
      byte[] signature = ScramCredential.hmac(credential.serverKey(), all);
      return ("v=" + Base64.getEncoder().encodeToString(signature))
          .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isComplete() {
      return complete;
    }

    @Override
    public String user() {
      return claimed;
    }
  }
}
