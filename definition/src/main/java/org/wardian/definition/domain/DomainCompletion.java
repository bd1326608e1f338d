package org.wardian.definition.domain;

import java.util.Locale;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Fills in what a document leaves out, as libvirt's QEMU driver does when it is defined. */
final class DomainCompletion {
  private DomainCompletion() {}

  static void complete(DomainDocument document, DomainDefaults defaults) throws XmlException {
    XmlElement root = document.root();
    DomainForm.TABLE.arrange(root);
    DomainForm.TABLE.check(root);
    identity(document, defaults.random());
    DomainForm.TABLE.arrange(root);
  }

  private static void identity(DomainDocument document, RandomGenerator random)
      throws XmlException {
    XmlElement uuid = document.root().child("uuid");
    if (uuid == null) {
      document.root().append("uuid").text(randomUuid(random).toString());
    } else {
      uuid.text(
          document
              .uuid()
              .map(UUID::toString)
              .orElseThrow(() -> XmlException.badContent("malformed uuid element")));
    }
  }

  /** A uuid of version 4. */
  static UUID randomUuid(RandomGenerator random) {
    return new UUID(
        (random.nextLong() & ~0xf000L) | 0x4000L, (random.nextLong() & ~(3L << 62)) | (1L << 63));
  }

  /** A hardware address with the first bytes that QEMU's machines have. */
  static String randomMac(RandomGenerator random) {
    int low = random.nextInt();
    return String.format(
        Locale.ROOT, "52:54:00:%02x:%02x:%02x", low >> 16 & 0xff, low >> 8 & 0xff, low & 0xff);
  }
}
