package org.wardian.definition.domain;

import java.util.List;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** A sound card: {@code <sound>}. */
public final class Sound extends DomainDevice {
  Sound(XmlElement element) {
    super(element);
  }

  /** sb16, es1370, pcspk, ac97, ich6, ich9, usb, ich7. */
  public String model() {
    return element().attribute("model", "");
  }

  /** The codecs of a high definition card: duplex, micro, output. */
  public List<String> codecs() {
    return element().children("codec").stream().map(codec -> codec.attribute("type", "")).toList();
  }

  /** The backend that plays it: the id of an {@code <audio>}. */
  public OptionalInt audio() {
    return Values.integer(attribute("audio", "id"));
  }
}
