package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Date;
import java.util.Set;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/** An OpenPGP key of our own, with which a test's mirror signs. */
final class TestKey {
  private final BcPGPKeyPair pair;

  TestKey() {
    Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
    generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
    try {
      pair =
          new BcPGPKeyPair(
              PublicKeyPacket.VERSION_4,
              PublicKeyAlgorithmTags.EDDSA_LEGACY,
              generator.generateKeyPair(),
              new Date());
    } catch (PGPException e) {
      throw new AssertionError(e);
    }
  }

  String fingerprint() {
    return ArchiveKeys.fingerprint(pair.getPublicKey());
  }

  /** The public key, ASCII-armoured. */
  byte[] armoured() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ArmoredOutputStream armour = ArmoredOutputStream.builder().build(out)) {
      pair.getPublicKey().encode(armour);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  /** A set of trusted keys that consists of this one. */
  ArchiveKeys trusted() {
    try {
      return ArchiveKeys.read(new ByteArrayInputStream(armoured()), Set.of(fingerprint()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Clear-signs a text whose lines end in line feeds. */
  byte[] clearSign(String text) {
    return clearSign(text, HashAlgorithmTags.SHA256);
  }

  byte[] clearSign(String text, int hashAlgorithm) {
    try {
      PGPSignatureGenerator generator =
          new PGPSignatureGenerator(
              new BcPGPContentSignerBuilder(pair.getPublicKey().getAlgorithm(), hashAlgorithm),
              pair.getPublicKey());
      generator.init(PGPSignature.CANONICAL_TEXT_DOCUMENT, pair.getPrivateKey());
      StringBuilder message =
          new StringBuilder("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n");
      String[] lines = text.split("\n", -1);
      for (int i = 0; i < lines.length - 1; i++) {
        String signed = (i == 0 ? "" : "\r\n") + lines[i].stripTrailing();
        generator.update(signed.getBytes(StandardCharsets.UTF_8));
        message.append(lines[i].startsWith("-") ? "- " : "").append(lines[i]).append('\n');
      }
      ByteArrayOutputStream signature = new ByteArrayOutputStream();
      try (ArmoredOutputStream armour = ArmoredOutputStream.builder().build(signature)) {
        generator.generate().encode(armour);
      }
      return (message + signature.toString(StandardCharsets.US_ASCII))
          .getBytes(StandardCharsets.UTF_8);
    } catch (PGPException | IOException e) {
      throw new AssertionError(e);
    }
  }
}
