package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A text with its OpenPGP signature, in the cleartext signature framework (RFC 4880 §7, RFC 9580
 * §7).
 *
 * <p>Stricter than the RFC where laxness has let unsigned text pass for signed elsewhere: nothing
 * may stand before the first or after the last armour line, and {@link #verify} alone gives the
 * text, rebuilt from exactly the lines that were signed.
 */
final class ClearSignedMessage {
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
  private static final String END = "-----END PGP SIGNATURE-----";
  private static final int MAX_SIGNATURES = 16;

  private final String origin;
  private final List<String> text;
  private final List<PGPSignature> signatures;

  private ClearSignedMessage(String origin, List<String> text, List<PGPSignature> signatures) {
    this.origin = origin;
    this.text = text;
    this.signatures = signatures;
  }

  /**
   * Splits a message into text and signatures.
   *
   * @param data the file
   * @param origin what to call it in an error
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if it is no clear-signed message
   */
  static ClearSignedMessage parse(byte[] data, String origin) throws CatalogueException {
    // Latin-1 keeps every byte as it is: the signature is over bytes.
    List<String> lines = new String(data, StandardCharsets.ISO_8859_1).lines().toList();
    if (lines.isEmpty() || !trimmed(lines.get(0)).equals(BEGIN)) {
      throw malformed(origin, "it does not begin with a PGP signed message");
    }
    int at = 1;
    while (at < lines.size() && !trimmed(lines.get(at)).isEmpty()) {
      if (!lines.get(at).startsWith("Hash: ")) {
        throw malformed(origin, "it has an armour header other than Hash");
      }
      at++;
    }
    at++;
    List<String> text = new ArrayList<>();
    while (at < lines.size() && !trimmed(lines.get(at)).equals(SIGNATURE)) {
      String line = lines.get(at++);
      if (line.startsWith("- ")) {
        line = line.substring(2);
      } else if (line.startsWith("-")) {
        throw malformed(origin, "its text has a line that begins with an unescaped dash");
      }
      text.add(trimmed(line));
    }
    List<String> armour = new ArrayList<>();
    while (at < lines.size()) {
      String line = trimmed(lines.get(at++));
      armour.add(line);
      if (line.equals(END)) {
        break;
      }
    }
    if (armour.isEmpty() || !armour.get(armour.size() - 1).equals(END)) {
      throw malformed(origin, "its signature is cut off");
    }
    if (lines.stream().skip(at).anyMatch(line -> !line.isBlank())) {
      throw malformed(origin, "there is text after its signature");
    }
    return new ClearSignedMessage(origin, text, signatures(armour, origin));
  }

  private static List<PGPSignature> signatures(List<String> armour, String origin)
      throws CatalogueException {
    byte[] block = (String.join("\n", armour) + "\n").getBytes(StandardCharsets.ISO_8859_1);
    List<PGPSignature> signatures = new ArrayList<>();
    try {
      BcPGPObjectFactory packets =
          new BcPGPObjectFactory(new ArmoredInputStream(new ByteArrayInputStream(block)));
      for (Object packet = packets.nextObject(); packet != null; packet = packets.nextObject()) {
        if (packet instanceof PGPSignatureList list) {
          list.forEach(signatures::add);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw malformed(origin, "its signature cannot be read");
    }
    if (signatures.isEmpty() || signatures.size() > MAX_SIGNATURES) {
      throw malformed(origin, "it has " + signatures.size() + " signatures");
    }
    return List.copyOf(signatures);
  }

  /**
   * The text, if at least one trusted key signed it and no trusted key's signature is wrong.
   *
   * @param keys the keys to trust
   * @param now the present, to which keys must be valid
   * @return the signed lines, each ended by a line feed
   * @throws CatalogueException of kind {@link Kind#BAD_SIGNATURE} otherwise
   */
  byte[] verify(ArchiveKeys keys, Instant now) throws CatalogueException {
    List<String> unusable = new ArrayList<>();
    boolean good = false;
    for (PGPSignature signature : signatures) {
      String keyId = String.format(Locale.ROOT, "%016X", signature.getKeyID());
      Optional<PGPPublicKey> key = keys.find(signature.getKeyID());
      if (key.isEmpty()) {
        unusable.add(keyId + " (unknown)");
      } else if (isExpired(key.get(), now)) {
        unusable.add(keyId + " (expired)");
      } else if (!isStrong(signature)) {
        unusable.add(keyId + " (weak or odd signature)");
      } else if (isRight(signature, key.get())) {
        good = true;
      } else {
        throw new CatalogueException(
            Kind.BAD_SIGNATURE,
            "refused "
                + origin
                + ": BAD signature by key "
                + keyId
                + "; the file was changed on its way: name another mirror in "
                + DebianMirrors.MIRROR_VARIABLE);
      }
    }
    if (!good) {
      throw new CatalogueException(
          Kind.BAD_SIGNATURE,
          "refused "
              + origin
              + ": signed by no key that Wardian trusts, only by "
              + String.join(", ", unusable)
              + "; try a newer Wardian, or name another mirror in "
              + DebianMirrors.MIRROR_VARIABLE);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String line : text) {
      out.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
      out.write('\n');
    }
    return out.toByteArray();
  }

  private static boolean isExpired(PGPPublicKey key, Instant now) {
    long validSeconds = key.getValidSeconds();
    return validSeconds > 0
        && now.isAfter(key.getCreationTime().toInstant().plusSeconds(validSeconds));
  }

  private static boolean isStrong(PGPSignature signature) {
    int hash = signature.getHashAlgorithm();
    return signature.getSignatureType() == PGPSignature.CANONICAL_TEXT_DOCUMENT
        && (hash == HashAlgorithmTags.SHA256
            || hash == HashAlgorithmTags.SHA384
            || hash == HashAlgorithmTags.SHA512);
  }

  private boolean isRight(PGPSignature signature, PGPPublicKey key) {
    try {
      signature.init(new BcPGPContentVerifierBuilderProvider(), key);
      for (int i = 0; i < text.size(); i++) {
        // The line end before the signature is not part of the text (RFC 4880 §7.1).
        String line = i == 0 ? text.get(i) : "\r\n" + text.get(i);
        signature.update(line.getBytes(StandardCharsets.ISO_8859_1));
      }
      return signature.verify();
    } catch (PGPException | RuntimeException e) {
      // A signature whose numbers make no sense is a wrong one.
      return false;
    }
  }

  private static String trimmed(String line) {
    int end = line.length();
    while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
      end--;
    }
    return line.substring(0, end);
  }

  private static CatalogueException malformed(String origin, String what) {
    return new CatalogueException(
        Kind.MALFORMED,
        "refused "
            + origin
            + ": "
            + what
            + "; is there something that answers in the mirror's place? Name another in "
            + DebianMirrors.MIRROR_VARIABLE);
  }
}
