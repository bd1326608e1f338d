package org.wardian.libvirt.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Whom this side trusts, and as whom it shows itself. */
public final class TlsIdentity {
  /** More than the seven days of RFC 8446 §4.6.1. */
  private static final Duration NO_TICKETS = Duration.ofDays(8);

  /** Sessions of TLS 1.2 that are kept. */
  private static final int SESSIONS = 64;

  private final SSLContext context;

  private TlsIdentity(SSLContext context) {
    this.context = context;
  }

  /**
   * From PEM files.
   *
   * @param authority certificates of those whose word counts
   * @param certificate this side's, perhaps with those between it and the authority
   * @param key its private key
   * @throws IOException where a file cannot be read or does not hold what it should
   */
  public static TlsIdentity of(Path authority, Path certificate, Path key) throws IOException {
    return of(authority, certificate, key, null);
  }

  /**
   * The same with a list of what was revoked.
   *
   * @param revoked lists of revoked certificates, one of each authority (RFC 5280 §5); null for
   *     none
   */
  private static TlsIdentity of(Path authority, Path certificate, Path key, Path revoked)
      throws IOException {
    try {
      List<X509Certificate> own = PemFile.certificates(certificate);
      PrivateKey secret = PemFile.privateKey(key, own.getFirst().getPublicKey().getAlgorithm());
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry("own", secret, new char[0], own.toArray(Certificate[]::new));
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(keys, new char[0]);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      int number = 0;
      for (X509Certificate one : PemFile.certificates(authority)) {
        trusted.setCertificateEntry("authority" + number++, one);
      }
      TrustManagerFactory trustManagers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      if (revoked == null) {
        trustManagers.init(trusted);
      } else {
        trustManagers.init(new CertPathTrustManagerParameters(valid(trusted, revoked)));
      }
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManager[] trusting = trustManagers.getTrustManagers();
      for (int i = 0; i < trusting.length; i++) {
        if (trusting[i] instanceof X509ExtendedTrustManager manager) {
          trusting[i] = new UnnamedAuthorities(manager);
        }
      }
      context.init(keyManagers.getKeyManagers(), trusting, null);
      // Longer than TLS 1.3 lets a ticket live, so none is sent: libvirt's clients look once for
      // the byte that accepts them, and find the ticket instead.
      context.getServerSessionContext().setSessionTimeout((int) NO_TICKETS.toSeconds());
      context.getServerSessionContext().setSessionCacheSize(SESSIONS);
      return new TlsIdentity(context);
    } catch (GeneralSecurityException e) {
      throw new IOException("no TLS with " + certificate + ": " + e.getMessage(), e);
    }
  }

  /** Certificates count that no list revokes; nobody is asked over the network. */
  private static PKIXBuilderParameters valid(KeyStore trusted, Path revoked)
      throws GeneralSecurityException, IOException {
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(trusted, new X509CertSelector());
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    try (InputStream in = Files.newInputStream(revoked)) {
      parameters.addCertStore(
          CertStore.getInstance(
              "Collection", new CollectionCertStoreParameters(factory.generateCRLs(in))));
    }
    PKIXRevocationChecker checker =
        (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
    checker.setOptions(
        EnumSet.of(
            PKIXRevocationChecker.Option.PREFER_CRLS,
            PKIXRevocationChecker.Option.NO_FALLBACK,
            PKIXRevocationChecker.Option.ONLY_END_ENTITY));
    parameters.addCertPathChecker(checker);
    return parameters;
  }

  /**
   * A daemon's, from libvirt's places below {@code folder}, by custom {@code /etc/pki}. Where there
   * is {@code CA/cacrl.pem}, clients are refused whose certificates it revokes; it is read once.
   */
  public static TlsIdentity ofServer(Path folder) throws IOException {
    Path revoked = folder.resolve("CA/cacrl.pem");
    return of(
        folder.resolve("CA/cacert.pem"),
        folder.resolve("libvirt/servercert.pem"),
        folder.resolve("libvirt/private/serverkey.pem"),
        Files.exists(revoked) ? revoked : null);
  }

  /**
   * A client's: all in {@code flat} if it is given, else in the user's {@code .pki/libvirt} where
   * its three files are, else in libvirt's places below {@code system}.
   */
  public static TlsIdentity ofClient(Path flat, Path home, Path system) throws IOException {
    Path own = flat != null ? flat : home.resolve(".pki/libvirt");
    Path authority = own.resolve("cacert.pem");
    Path certificate = own.resolve("clientcert.pem");
    Path key = own.resolve("clientkey.pem");
    if (flat != null || Files.exists(authority) && Files.exists(certificate) && Files.exists(key)) {
      return of(authority, certificate, key);
    }
    return of(
        system.resolve("CA/cacert.pem"),
        system.resolve("libvirt/clientcert.pem"),
        system.resolve("libvirt/private/clientkey.pem"));
  }

  SSLContext context() {
    return context;
  }
}
