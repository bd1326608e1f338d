package org.wardian.definition.domain;

import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/**
 * A device of a domain: a view of its element, which sees what is changed there. A view answers
 * with nothing where the element says nothing, or nothing that can be read.
 */
public class DomainDevice {
  private final XmlElement element;

  DomainDevice(XmlElement element) {
    this.element = element;
  }

  /** The element seen. */
  public final XmlElement element() {
    return element;
  }

  /** What kind it is: the element's name. */
  public final String kind() {
    return element.name();
  }

  /** The name that a running domain knows it by, such as {@code virtio-disk0}. */
  public final Optional<String> alias() {
    return Values.attribute(element, "alias", "name");
  }

  /** Where it is plugged. */
  public final Optional<DeviceAddress> address() {
    return DeviceAddress.of(element);
  }

  /** Its place in the order of booting, from 1. */
  public final OptionalInt bootOrder() {
    return Values.integer(attribute("boot", "order"));
  }

  /** The index among PCI devices that an operating system names it by. */
  public final OptionalInt acpiIndex() {
    return Values.integer(attribute("acpi", "index"));
  }

  /** The attribute of the device itself; null where there is none. */
  final String word(String key) {
    return element.attribute(key);
  }

  final Optional<String> attribute(String key) {
    return Values.attribute(element, key);
  }

  final Optional<String> attribute(String child, String key) {
    return Values.attribute(element, child, key);
  }

  final boolean has(String child) {
    return element.child(child) != null;
  }

  @Override
  public final String toString() {
    return element.toString();
  }
}
