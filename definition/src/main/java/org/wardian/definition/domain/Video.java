package org.wardian.definition.domain;

import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** A graphics card: {@code <video>}. */
public final class Video extends DomainDevice {
  Video(XmlElement element) {
    super(element);
  }

  /** vga, cirrus, vmvga, qxl, virtio, bochs, ramfb, none. */
  public String model() {
    return attribute("model", "type").orElse("");
  }

  /** Its memory in KiB. */
  public OptionalInt videoMemory() {
    return Values.integer(attribute("model", "vram"));
  }

  /** The memory that QEMU's vga calls video memory, in KiB. */
  public OptionalInt vgaMemory() {
    return Values.integer(attribute("model", "vgamem"));
  }

  /** How many screens it can drive. */
  public int heads() {
    return Values.integer(attribute("model", "heads")).orElse(1);
  }

  /** Whether it is the first, which firmware uses. */
  public boolean isPrimary() {
    return Values.flag(attribute("model", "primary")).orElse(false);
  }

  /** The width of the screen at start, in pixels. */
  public OptionalInt width() {
    return resolution("x");
  }

  /** The height of the screen at start, in pixels. */
  public OptionalInt height() {
    return resolution("y");
  }

  private OptionalInt resolution(String key) {
    XmlElement model = element().child("model");
    return Values.integer(Values.attribute(model, "resolution", key));
  }
}
