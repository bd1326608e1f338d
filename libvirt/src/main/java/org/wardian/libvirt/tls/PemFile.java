package org.wardian.libvirt.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and private keys of a file as {@code certtool} and {@code openssl} write it. */
final class PemFile {
  private static final long LARGEST = 1 << 20;
  private static final Pattern SECTION =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  /** {@code SEQUENCE {OID rsaEncryption, NULL}} (RFC 8017 appendix A.1). */
  private static final byte[] RSA = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };

  private record Section(String label, byte[] content) {}

  private PemFile() {}

  private static List<Section> sections(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw new IOException(file + " is too large for certificates");
    }
    List<Section> sections = new ArrayList<>();
    Matcher matcher = SECTION.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    while (matcher.find()) {
      try {
        sections.add(
            new Section(
                matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2).strip())));
      } catch (IllegalArgumentException e) {
        throw new IOException(file + " has a section that is no base 64", e);
      }
    }
    return sections;
  }

  /** All certificates, in their order; at least one. */
  static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Section section : sections(file)) {
        if (section.label().endsWith("CERTIFICATE")) {
          certificates.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(section.content())));
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(file + " has no valid certificate: " + e.getMessage(), e);
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + " has no certificate");
    }
    return certificates;
  }

  /** The private key: PKCS #8, or an RSA key of PKCS #1. */
  static PrivateKey privateKey(Path file, String algorithm) throws IOException {
    for (Section section : sections(file)) {
      byte[] encoded =
          switch (section.label()) {
            case "PRIVATE KEY" -> section.content();
            case "RSA PRIVATE KEY" -> wrapped(section.content());
            default -> null;
          };
      if (encoded != null) {
        try {
          return KeyFactory.getInstance(algorithm)
              .generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException e) {
          throw new IOException(file + " has no " + algorithm + " key: " + e.getMessage(), e);
        }
      }
    }
    throw new IOException(
        file + " has no private key; PRIVATE KEY (PKCS #8) and RSA PRIVATE KEY are understood");
  }

  /** PKCS #1 within PKCS #8 (RFC 5958 §2). */
  private static byte[] wrapped(byte[] pkcs1) {
    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    inner.writeBytes(new byte[] {2, 1, 0});
    inner.writeBytes(RSA);
    inner.writeBytes(element(4, pkcs1));
    return element(0x30, inner.toByteArray());
  }

  private static byte[] element(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 128) {
      out.write(content.length);
    } else {
      int bytes = (39 - Integer.numberOfLeadingZeros(content.length)) / 8;
      out.write(0x80 | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        out.write(content.length >>> (8 * i));
      }
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
