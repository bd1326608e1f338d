package org.wardian.display.vnc;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** The certificate and key with which a server encrypts (TLS 1.2 and 1.3, within VeNCrypt). */
public final class VncTls {
  private static final long LARGEST_FILE = 1 << 20;
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]+)-----END \\1PRIVATE KEY-----");
  private static final String[] KEY_KINDS = {"RSA", "EC", "EdDSA"};

  private final SSLContext context;

  private VncTls(KeyStore store, char[] password) throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
  }

  /**
   * Reads a certificate and its key from PEM files.
   *
   * @param certificate of the server, and those that signed it, in that order
   * @param key of the server, PKCS#8 and not encrypted
   * @throws IOException where a file cannot be read, or is not that; the message names it
   */
  public static VncTls pem(Path certificate, Path key) throws IOException {
    Certificate[] chain = certificates(certificate);
    PrivateKey secret = key(key);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      char[] none = new char[0];
      store.setKeyEntry("server", secret, none, chain);
      return new VncTls(store, none);
    } catch (GeneralSecurityException e) {
      throw new IOException(key + ": not the key of " + certificate + " (" + e + ")", e);
    }
  }

  /**
   * Reads a certificate and its key from a PKCS#12 or Java key store.
   *
   * @throws IOException where the file cannot be read, is not that, or the password is wrong
   */
  public static VncTls keyStore(Path file, char[] password) throws IOException {
    InputStream in = new ByteArrayInputStream(read(file));
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, password);
      boolean hasKey = false;
      for (String name : Collections.list(store.aliases())) {
        hasKey |= store.isKeyEntry(name);
      }
      if (hasKey) {
        return new VncTls(store, password);
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IOException(
          "%s: not a key store, or not of this password (%s)".formatted(file, e), e);
    }
    throw new IOException(file + ": the key store has no private key");
  }

  private static byte[] read(Path file) throws IOException {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new IOException(file + ": too large for a certificate or key");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": there is no such file", e);
    }
  }

  private static Certificate[] certificates(Path file) throws IOException {
    try (InputStream in = new ByteArrayInputStream(read(file))) {
      Collection<? extends Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (all.isEmpty()) {
        throw new IOException(file + ": there is no certificate in it");
      }
      return all.toArray(Certificate[]::new);
    } catch (GeneralSecurityException e) {
      throw new IOException(file + ": not an X.509 certificate (" + e.getMessage() + ")", e);
    }
  }

  private static PrivateKey key(Path file) throws IOException {
    Matcher pem = KEY.matcher(new String(read(file), StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new IOException(file + ": there is no private key in PEM form in it");
    }
    String kind = pem.group(1).trim();
    if (!kind.isEmpty()) {
      throw new IOException(
          "%s: a key of form \"%s PRIVATE KEY\"; make the form that is read by: openssl pkcs8 -topk8 -nocrypt -in %s"
              .formatted(file, kind, file));
    }
    byte[] bytes;
    try {
      bytes = Base64.getMimeDecoder().decode(pem.group(2));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": the private key is damaged", e);
    }
    for (String algorithm : KEY_KINDS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
      } catch (InvalidKeySpecException e) {
        // Of another kind.
        continue;
      } catch (GeneralSecurityException e) {
        throw new IOException(file + ": " + e, e);
      }
    }
    throw new IOException(file + ": a private key that is none of RSA, EC and EdDSA, or damaged");
  }

  /** The server's side of a connection. */
  SSLEngine engine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    return engine;
  }
}
