package org.wardian.definition.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.definition.secret.SecretDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition.Capacity;
import org.wardian.definition.xml.XmlException;

/**
 * Documents that are changed at random are read or refused, in words; and what was read is written
 * so that it is read the same again.
 */
class StorageDocumentsFuzzTest {
  private static final String[] SEEDS = {
    "<pool type='dir'><name>p</name><uuid>0a572782-2773-4d69-b6a3-e36196a5b693</uuid>"
        + "<source/><target><path>/a//b/</path><permissions><mode>0711</mode><owner>1</owner>"
        + "<group>2</group><label>l</label></permissions></target></pool>",
    "<pool type='netfs'><name>n</name><source><host name='h' port='2049'/><dir path='/x'/>"
        + "<format type='nfs'/><protocol ver='4'/></source><target><path>/n</path></target></pool>",
    "<pool type='iscsi-direct'><name>i</name><source><host name='h'/><device path='q'/>"
        + "<initiator><iqn name='iqn'/></initiator></source></pool>",
    "<pool type='logical'><source><name>vg</name><device path='/dev/a'/></source></pool>",
    "<volume type='file'><name>v</name><capacity unit='GiB'>1</capacity><allocation>0</allocation>"
        + "<target><format type='qcow2'/><compat>1.1</compat><clusterSize unit='KiB'>64"
        + "</clusterSize><features><lazy_refcounts/></features><permissions><mode>0600</mode>"
        + "</permissions><encryption format='luks'><secret type='passphrase'/></encryption>"
        + "</target><backingStore><path>/b</path><format type='raw'/></backingStore></volume>",
    "<secret ephemeral='no' private='yes'><uuid>4f1c4af0-1111-2222-3333-444444444444</uuid>"
        + "<description>d</description><usage type='ceph'><name>n</name></usage></secret>",
  };

  private static final String[] PIECES = {
    "",
    "'",
    "<",
    ">",
    "/>",
    "&#0;",
    "&amp;",
    "&x;",
    "0",
    "-1",
    "99999999999999999999",
    "dir",
    "fs",
    "rbd",
    "<name>",
    "</name>",
    "<target>",
    "</target>",
    "<source>",
    "</source>",
    "type='",
    "unit='E'",
    "\u0000",
    "\ud800",
    "\u00e9",
    "/",
    "..",
    "<!--",
    "]]>",
    "<!DOCTYPE a>",
    "none",
    "vtpm",
    "volume",
    "qcow2",
    "<permissions>",
    "<uuid/>",
  };

  @Test
  void everyDocumentIsReadOrRefused() {
    int iterations = Integer.getInteger("wardian.fuzz.iterations", 20_000);
    SplittableRandom random = new SplittableRandom(Long.getLong("wardian.fuzz.seed", 5));
    int read = 0;
    for (int i = 0; i < iterations; i++) {
      String seed = SEEDS[random.nextInt(SEEDS.length)];
      String document = changed(seed, random);
      try {
        read += read(random.nextInt(16) == 0 ? SEEDS[0] : seed, document);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + i + ": " + document, e);
      }
    }
    assertThat(read).isGreaterThan(iterations / 5);
  }

  /** Reads a document as what another is; 1 where it is one. */
  private static int read(String like, String document) {
    return switch (like.charAt(1)) {
      case 'p' -> pool(document);
      case 'v' -> volume(document);
      default -> secret(document);
    };
  }

  private static String changed(String seed, SplittableRandom random) {
    StringBuilder text = new StringBuilder(seed);
    int changes = random.nextInt(4);
    for (int c = 0; c < changes && text.length() > 1; c++) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(4)) {
        case 0 -> text.deleteCharAt(at);
        case 1 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
        case 2 -> text.setCharAt(at, (char) random.nextInt(1, 0x180));
        default -> {
          int end = Math.min(text.length(), at + random.nextInt(40));
          text.replace(at, end, PIECES[random.nextInt(PIECES.length)]);
        }
      }
    }
    return text.toString();
  }

  private static int pool(String document) {
    PoolDefinition pool;
    try {
      pool = PoolDefinition.parse(document);
    } catch (XmlException e) {
      assertThat(e.getMessage()).isNotBlank();
      return 0;
    }
    String written = pool.document(Usage.NONE);
    try {
      assertThat(PoolDefinition.parse(written).document(Usage.NONE)).isEqualTo(written);
    } catch (XmlException e) {
      throw new AssertionError(written, e);
    }
    return 1;
  }

  private static int volume(String document) {
    try {
      VolumeDefinition volume =
          VolumeDefinition.parse(document, VolumeFormat.RAW, Capacity.OPTIONAL);
      assertThat(volume.at("/p/v").document()).contains("<name>");
      return 1;
    } catch (XmlException e) {
      assertThat(e.getMessage()).isNotBlank();
      return 0;
    }
  }

  private static int secret(String document) {
    SecretDefinition secret;
    try {
      secret = SecretDefinition.parse(document);
    } catch (XmlException e) {
      assertThat(e.getMessage()).isNotBlank();
      return 0;
    }
    String written = secret.document();
    try {
      assertThat(SecretDefinition.parse(written).document()).isEqualTo(written);
    } catch (XmlException e) {
      throw new AssertionError(written, e);
    }
    return 1;
  }
}
