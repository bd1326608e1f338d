package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.bc.BcPGPPublicKeyRingCollection;

/**
 * The public keys whose signature on an archive's index we trust. A key counts only if its
 * fingerprint is pinned here, so that the file of keys alone cannot widen the trust; a subkey is
 * pinned by its own fingerprint, which makes its binding signature irrelevant.
 */
public final class ArchiveKeys {
  /**
   * Fingerprints of the Debian archive's keys, from the package {@code debian-archive-keyring} (see
   * also https://ftp-master.debian.org/keys.html).
   */
  static final Set<String> DEBIAN_FINGERPRINTS =
      Set.of(
          // Debian Archive Automatic Signing Key (12/bookworm), key and signing subkey.
          "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
          "4CB50190207B4758A3F73A796ED0E7B82643E131",
          // Debian Security Archive Automatic Signing Key (12/bookworm), key and signing subkey.
          "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0",
          "B0CAB9266E8C3929798B3EEEBDE6D2B9216EC7A8",
          // Debian Stable Release Key (12/bookworm).
          "4D64FEC119C2029067D6E791F8D2585B8783D481",
          // Debian Archive Automatic Signing Key (13/trixie), key and signing subkey.
          "04B54C3CDCA79751B16BC6B5225629DF75B188BD",
          "B8E5F13176D2A7A75220028078DBA3BC47EF2265",
          // Debian Security Archive Automatic Signing Key (13/trixie), key and signing subkey.
          "5E04A1E3223A19A20706E20F9904613D4CCE68C6",
          "89C87ACEA5DD6B8E6A7068808E9F831205B4BA95",
          // Debian Stable Release Key (13/trixie).
          "41587F7DB8C774BCCF131416762F67A0B2C39DE4");

  private static final String RESOURCE = "debian-archive-keys.asc";

  private final Map<Long, PGPPublicKey> keys;

  private ArchiveKeys(Map<Long, PGPPublicKey> keys) {
    this.keys = keys;
  }

  /** The keys of the Debian archive that are part of this program. */
  public static ArchiveKeys debian() {
    try (InputStream in = ArchiveKeys.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the resource " + RESOURCE);
      }
      return read(in, DEBIAN_FINGERPRINTS);
    } catch (IOException e) {
      throw new IllegalStateException("this build has a damaged resource " + RESOURCE, e);
    }
  }

  /**
   * Reads ASCII-armoured public keys.
   *
   * @param armoured the keys; further ones are ignored
   * @param fingerprints those to trust, in upper-case hexadecimal
   * @throws IOException if a key of {@code fingerprints} is missing, or the keys cannot be read
   */
  public static ArchiveKeys read(InputStream armoured, Set<String> fingerprints)
      throws IOException {
    Map<Long, PGPPublicKey> keys = new HashMap<>();
    Set<String> missing = new TreeSet<>(fingerprints);
    try {
      Iterator<PGPPublicKeyRing> rings =
          new BcPGPPublicKeyRingCollection(new ArmoredInputStream(armoured)).getKeyRings();
      while (rings.hasNext()) {
        for (PGPPublicKey key : rings.next()) {
          String fingerprint = fingerprint(key);
          if (fingerprints.contains(fingerprint)) {
            keys.put(key.getKeyID(), key);
            missing.remove(fingerprint);
          }
        }
      }
    } catch (PGPException | RuntimeException e) {
      throw new IOException("no OpenPGP public keys", e);
    }
    if (!missing.isEmpty()) {
      throw new IOException("no key with fingerprint " + missing.iterator().next());
    }
    return new ArchiveKeys(Map.copyOf(keys));
  }

  /** The key of an identifier (the last 64 bits of its fingerprint), if we trust it. */
  Optional<PGPPublicKey> find(long keyId) {
    return Optional.ofNullable(keys.get(keyId));
  }

  static String fingerprint(PGPPublicKey key) {
    return HexFormat.of().formatHex(key.getFingerprint()).toUpperCase(Locale.ROOT);
  }
}
