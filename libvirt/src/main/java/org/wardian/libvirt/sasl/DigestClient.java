package org.wardian.libvirt.sasl;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.sasl.DigestKeys.Prover;

/**
 * DIGEST-MD5, the client's side (RFC 2831): for daemons that know nothing better. It succeeds only
 * when the daemon has proved that it knows the password too.
 */
public final class DigestClient implements SaslExchange {
  private static final int NONCE = 24;

  private final String user;
  private final String password;
  private final String host;
  private final boolean plain;
  private final String clientNonce;
  private String expected;
  private DigestLayer layer;
  private boolean complete;

  /**
   * For a user with a password.
   *
   * @param host the daemon's, as the user calls it
   * @param plain whether others can read what is sent, so that it has to be encrypted
   */
  public DigestClient(String user, String password, String host, boolean plain) {
    this.user = user;
    this.password = password;
    this.host = host;
    this.plain = plain;
    byte[] bytes = new byte[NONCE];
    new SecureRandom().nextBytes(bytes);
    clientNonce = Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public byte[] respond(byte[] data) throws SaslException {
    if (complete) {
      throw new SaslException("a message after the last");
    }
    if (expected != null) {
      String proof = DigestMessage.parse(data).get("rspauth");
      if (!MessageDigest.isEqual(
          DigestMessage.bytes(List.of(proof)), DigestMessage.bytes(List.of(expected)))) {
        throw new SaslException("the daemon does not know the password");
      }
      complete = true;
      return null;
    }
    // The daemon begins.
    return data == null ? null : response(DigestMessage.parse(data));
  }

  private byte[] response(DigestMessage challenge) throws SaslException {
    String nonce = challenge.get("nonce");
    String realm = challenge.get("realm", "");
    boolean wide = challenge.get("charset", "").equals("utf-8");
    String name = wide ? DigestMessage.encoded(user) : user;
    if (name.chars().anyMatch(character -> character > 255)) {
      throw new SaslException("the daemon takes no such names as " + user);
    }
    List<String> protections = challenge.words("qop", "auth");
    String protection = !plain && protections.contains("auth") ? "auth" : "auth-conf";
    if (!protections.contains(protection)) {
      throw new SaslException(
          "the daemon does not encrypt, and everybody on the way could read what is sent: use TLS");
    }
    String uri = "libvirt/" + host;
    DigestKeys keys =
        new DigestKeys(DigestCredential.of(user, realm, password), nonce, clientNonce, null);
    List<String> directives = new ArrayList<>();
    if (wide) {
      directives.add("charset=utf-8");
    }
    directives.add("username=" + DigestMessage.quote(name));
    if (!realm.isEmpty()) {
      directives.add("realm=" + DigestMessage.quote(realm));
    }
    directives.add("nonce=" + DigestMessage.quote(nonce));
    directives.add("nc=00000001");
    directives.add("cnonce=" + DigestMessage.quote(clientNonce));
    directives.add("digest-uri=" + DigestMessage.quote(uri));
    directives.add("qop=" + protection);
    directives.add("maxbuf=" + DigestLayer.LARGEST);
    if (protection.equals("auth-conf")) {
      List<String> offered = challenge.words("cipher", "");
      DigestCipher cipher =
          DigestCipher.available().stream()
              .filter(one -> offered.contains(one.label()))
              .findFirst()
              .orElseThrow(
                  () -> new SaslException("the daemon has the ciphers " + offered + " only"));
      directives.add("cipher=" + cipher.label());
      layer = new DigestLayer(keys, cipher, false, challenge.largest());
    }
    directives.add("response=" + keys.proof(Prover.CLIENT, uri, protection));
    expected = keys.proof(Prover.SERVER, uri, protection);
    return DigestMessage.bytes(directives);
  }

  @Override
  public boolean isComplete() {
    return complete;
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
