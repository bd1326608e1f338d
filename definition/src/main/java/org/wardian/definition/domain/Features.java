package org.wardian.definition.domain;

import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/**
 * What the board can do: {@code <features>}.
 *
 * @param element the element; null where the document has none
 */
public record Features(XmlElement element) {
  /** Whether there are ACPI tables. */
  public boolean hasAcpi() {
    return has("acpi");
  }

  /** Whether there are interrupt controllers of each processor. */
  public boolean hasApic() {
    return has("apic");
  }

  /** Whether a 32-bit processor has physical address extension. */
  public boolean hasPae() {
    return has("pae");
  }

  /** Whether a feature's element is there, and does not say off. */
  public boolean has(String feature) {
    XmlElement found = element == null ? null : element.child(feature);
    return found != null && !"off".equals(found.attribute("state"));
  }

  /** What a feature says: on or off; empty where it is not there or says nothing. */
  public Optional<Boolean> state(String feature) {
    return Values.flag(Values.attribute(element, feature, "state"));
  }

  /** What one of Hyper-V's interfaces says; empty where the document does not say. */
  public Optional<Boolean> hyperv(String feature) {
    XmlElement hyperv = element == null ? null : element.child("hyperv");
    return Values.flag(Values.attribute(hyperv, feature, "state"));
  }

  /** Whether KVM hides itself. */
  public boolean isKvmHidden() {
    XmlElement kvm = element == null ? null : element.child("kvm");
    return Values.flag(Values.attribute(kvm, "hidden", "state")).orElse(false);
  }
}
