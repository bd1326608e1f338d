package org.wardian.definition.domain;

import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/** Keys or a pointer: {@code <input>}. */
public final class Input extends DomainDevice {
  Input(XmlElement element) {
    super(element);
  }

  /** mouse, tablet, keyboard, passthrough or evdev. */
  public String type() {
    return element().attribute("type", "");
  }

  /** ps2, usb, virtio, xen or none. */
  public String bus() {
    return element().attribute("bus", "");
  }

  /** The host's device of types passthrough ({@code evdev}) and evdev ({@code dev}). */
  public Optional<String> source() {
    return attribute("source", "evdev").or(() -> attribute("source", "dev"));
  }
}
