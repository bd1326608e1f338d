package org.wardian.libvirt.sasl;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.sasl.DigestKeys.Prover;

/**
 * DIGEST-MD5 with its layer that encrypts, the daemon's side (RFC 2831). It is of the year 2000 and
 * given up (RFC 6331); it is here because libvirt's own clients take nothing else on plain TCP but
 * Kerberos. So it is offered there only. A name that nobody has goes through the same exchange as
 * one with a wrong password.
 */
public final class DigestServer implements SaslMechanism {
  /** The mechanism's name. */
  public static final String NAME = "DIGEST-MD5";

  private static final int NONCE = 24;
  private static final String SERVICE = "libvirt/";
  private static final String PROTECTION = "auth-conf";

  private final Function<String, DigestCredential> credentials;
  private final List<DigestCipher> ciphers = DigestCipher.available();
  private final byte[] decoy = new byte[32];
  private final SecureRandom random = new SecureRandom();

  /**
   * Knows users by their credentials.
   *
   * @param credentials of a user; null for a name that nobody has
   * @throws IllegalStateException where this Java has none of the ciphers
   */
  public DigestServer(Function<String, DigestCredential> credentials) {
    if (ciphers.isEmpty()) {
      throw new IllegalStateException(
          NAME + " cannot be offered: this Java has neither RC4 nor DESede; leave it out");
    }
    this.credentials = credentials;
    random.nextBytes(decoy);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean isFor(Peer peer) {
    return peer.isPlain();
  }

  @Override
  public SaslExchange begin() {
    return new Exchange();
  }

  /** A hash that no password has. */
  private DigestCredential decoy(String user) {
    return new DigestCredential(Arrays.copyOf(ScramCredential.hmac(decoy, user), 16));
  }

  private final class Exchange implements SaslExchange {
    private String nonce;
    private String user;
    private SecurityLayer layer;

    @Override
    public byte[] respond(byte[] data) throws SaslException {
      if (layer != null) {
        throw new SaslException("a message after the last");
      }
      if (nonce == null) {
        if (data != null && data.length > 0) {
          throw new SaslException("a message before the challenge");
        }
        return challenge();
      }
      return last(DigestMessage.parse(data));
    }

    private byte[] challenge() {
      byte[] bytes = new byte[NONCE];
      random.nextBytes(bytes);
      nonce = Base64.getEncoder().encodeToString(bytes);
      return DigestMessage.bytes(
          List.of(
              "realm=" + DigestMessage.quote(DigestCredential.REALM),
              "nonce=" + DigestMessage.quote(nonce),
              "qop=" + DigestMessage.quote(PROTECTION),
              "cipher="
                  + DigestMessage.quote(
                      ciphers.stream().map(DigestCipher::label).collect(Collectors.joining(","))),
              "maxbuf=" + DigestLayer.LARGEST,
              "charset=utf-8",
              "algorithm=md5-sess"));
    }

    private byte[] last(DigestMessage message) throws SaslException {
      String name = message.get("username");
      String claimed = message.decoded(name);
      String authorization = message.get("authzid", null);
      if (authorization != null && !authorization.equals(name)) {
        throw new SaslException("a user who wants to be another");
      }
      if (!message.get("nonce").equals(nonce)
          || !message.get("nc").equals("00000001")
          || !message.get("realm", "").equals(DigestCredential.REALM)) {
        throw new SaslException("a response that does not follow from the challenge");
      }
      String uri = message.get("digest-uri");
      if (!uri.startsWith(SERVICE)) {
        throw new SaslException("a response for another service");
      }
      if (!message.get("qop", "auth").equals(PROTECTION)) {
        throw new SaslException("a client that does not encrypt");
      }
      String label = message.get("cipher");
      DigestCipher cipher =
          ciphers.stream()
              .filter(one -> one.label().equals(label))
              .findFirst()
              .orElseThrow(() -> new SaslException("a cipher that was not offered"));
      int largest = message.largest();
      String clientNonce = message.get("cnonce");
      DigestCredential known = credentials.apply(claimed);
      DigestKeys keys =
          new DigestKeys(known == null ? decoy(claimed) : known, nonce, clientNonce, authorization);
      byte[] proof = DigestMessage.bytes(List.of(message.get("response")));
      byte[] due = DigestMessage.bytes(List.of(keys.proof(Prover.CLIENT, uri, PROTECTION)));
      if (!MessageDigest.isEqual(proof, due) || known == null) {
        throw new SaslException("a wrong name or password");
      }
      user = claimed;
      layer = new DigestLayer(keys, cipher, true, largest);
      return DigestMessage.bytes(List.of("rspauth=" + keys.proof(Prover.SERVER, uri, PROTECTION)));
    }

    @Override
    public boolean isComplete() {
      return layer != null;
    }

    @Override
    public String user() {
      return user;
    }

    @Override
    public SecurityLayer layer() {
      return layer;
    }
  }
}
