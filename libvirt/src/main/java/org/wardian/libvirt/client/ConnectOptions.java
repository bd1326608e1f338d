package org.wardian.libvirt.client;

import java.time.Duration;
import org.wardian.libvirt.tls.TlsIdentity;

/**
 * How to connect, beside the URI.
 *
 * @param readOnly only to look
 * @param user name for SASL, or null where none is to be given
 * @param password for SASL
 * @param prompt asks for those where nothing else has them; null asks nobody
 * @param identity for TLS, or null to take it from libvirt's usual files
 * @param keepaliveInterval silence after which the daemon is asked whether it is there
 * @param keepaliveCount questions in a row that may stay without an answer; 0 asks none
 */
public record ConnectOptions(
    boolean readOnly,
    String user,
    String password,
    CredentialPrompt prompt,
    TlsIdentity identity,
    Duration keepaliveInterval,
    int keepaliveCount) {
  /** To read and write, without SASL, asking after every 5 s of silence up to 6 times. */
  public static final ConnectOptions DEFAULT =
      new ConnectOptions(false, null, null, null, null, Duration.ofSeconds(5), 6);

  /** The same, only to look. */
  public ConnectOptions withReadOnly() {
    return new ConnectOptions(
        true, user, password, prompt, identity, keepaliveInterval, keepaliveCount);
  }

  /** The same, with a name and password. */
  public ConnectOptions withCredentials(String name, String secret) {
    return new ConnectOptions(
        readOnly, name, secret, prompt, identity, keepaliveInterval, keepaliveCount);
  }

  /** The same, with somebody who can be asked for name and password. */
  public ConnectOptions withPrompt(CredentialPrompt other) {
    return new ConnectOptions(
        readOnly, user, password, other, identity, keepaliveInterval, keepaliveCount);
  }

  /** The same, with certificates. */
  public ConnectOptions withIdentity(TlsIdentity own) {
    return new ConnectOptions(
        readOnly, user, password, prompt, own, keepaliveInterval, keepaliveCount);
  }

  @Override
  public String toString() {
    return "ConnectOptions[" + (readOnly ? "read only" : "read and write") + "]";
  }
}
