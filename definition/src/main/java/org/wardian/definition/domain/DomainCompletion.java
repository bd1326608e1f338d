package org.wardian.definition.domain;

import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Fills in what a document leaves out, as libvirt's QEMU driver does when it is defined. */
final class DomainCompletion {
  private DomainCompletion() {}

  static void complete(DomainDocument document, DomainDefaults defaults) throws XmlException {
    XmlElement root = document.root();
    namespaces(root);
    root.childOrNew("os");
    root.childOrNew("devices");
    DomainChecks.unknown(root);
    DomainForm.TABLE.arrange(root);
    DomainChecks.before(document);
    DomainForm.TABLE.check(root);
    for (XmlElement device : root.child("devices").children()) {
      DeviceChecks.before(device);
    }
    identity(document, defaults.random());
    MachineDefaults.complete(document, defaults);
    DeviceDefaults.complete(document, defaults);
    CharacterDefaults.complete(document);
    ImplicitDevices.complete(document, defaults);
    BusAddresses.complete(document);
    PciPlan.complete(document);
    DomainForm.TABLE.arrange(root);
    DomainChecks.after(document, defaults);
    DeviceChecks.after(document);
  }

  /**
   * Declarations that the root has for metadata go there; QEMU's stays where its elements are used.
   */
  private static void namespaces(XmlElement root) {
    XmlElement metadata = root.child("metadata");
    String qemu = null;
    for (Map.Entry<String, String> attribute : Map.copyOf(root.attributes()).entrySet()) {
      String key = attribute.getKey();
      if (!key.startsWith("xmlns:")) {
        continue;
      }
      root.set(key, null);
      String prefix = key.substring("xmlns:".length()) + ":";
      if (attribute.getValue().equals(DomainForm.QEMU_NAMESPACE)) {
        qemu = prefix;
      } else if (metadata != null && uses(metadata, prefix)) {
        metadata.set(key, attribute.getValue());
      }
    }
    // Only a prefix that is bound to QEMU's namespace makes an element one of QEMU's.
    String prefix = qemu;
    root.removeIf(child ->
        child.name().startsWith("qemu:")
            && prefix == null
            && child.attribute("xmlns:qemu") == null);
    if (prefix != null && !prefix.equals("qemu:")) {
      root.children().stream()
          .filter(child -> child.name().startsWith(prefix))
          .toList()
          .forEach(child -> root.replace(child, DomainForm.withPrefix(child, prefix, "qemu:")));
    }
    boolean used = false;
    for (XmlElement child : root.children()) {
      if (child.name().startsWith("qemu:")) {
        child.set("xmlns:qemu", null);
        used = true;
      }
    }
    root.set("xmlns:qemu", used ? DomainForm.QEMU_NAMESPACE : null);
  }

  private static boolean uses(XmlElement element, String prefix) {
    return element.name().startsWith(prefix)
        || element.attributes().keySet().stream().anyMatch(key -> key.startsWith(prefix))
        || element.children().stream().anyMatch(child -> uses(child, prefix));
  }

  private static void identity(DomainDocument document, RandomGenerator random)
      throws XmlException {
    XmlElement root = document.root();
    root.set("id", null);
    XmlElement uuid = root.child("uuid");
    if (uuid == null) {
      root.append("uuid").text(randomUuid(random).toString());
    } else {
      uuid.text(
          document
              .uuid()
              .map(UUID::toString)
              .orElseThrow(
                  () -> new XmlException(XmlException.Kind.INTERNAL, "malformed uuid element")));
    }
    XmlElement generation = root.child("genid");
    if (generation != null) {
      if (!generation.text().isEmpty() && document.generationId().isEmpty()) {
        throw new XmlException(XmlException.Kind.INTERNAL, "malformed genid element");
      }
      generation.text(document.generationId().orElseGet(() -> randomUuid(random)).toString());
    }
    for (String text : new String[] {"title", "description"}) {
      root.removeIf(child -> child.name().equals(text) && child.text().isEmpty());
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
