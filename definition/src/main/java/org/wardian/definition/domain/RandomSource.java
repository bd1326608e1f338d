package org.wardian.definition.domain;

import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/** A source of randomness: {@code <rng>}. */
public final class RandomSource extends DomainDevice {
  RandomSource(XmlElement element) {
    super(element);
  }

  /** virtio, virtio-transitional or virtio-non-transitional. */
  public String model() {
    return element().attribute("model", "");
  }

  /** random, egd or builtin. */
  public String backend() {
    return attribute("backend", "model").orElse("");
  }

  /** The file of backend random, such as {@code /dev/urandom}. */
  public String path() {
    String said = element().textAt("backend");
    return said == null || said.isEmpty() ? "/dev/random" : said;
  }

  /** Bytes in each period. */
  public OptionalLong rateBytes() {
    return Values.number(attribute("rate", "bytes"));
  }

  /** The period in milliseconds. */
  public OptionalLong ratePeriod() {
    return Values.number(attribute("rate", "period"));
  }
}
